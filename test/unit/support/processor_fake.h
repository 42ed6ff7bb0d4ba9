/* Processors of the host tests are threads; a thread other than the program's
 * first calls processor_set_here() before it does anything else. */
#pragma once

#include "arch/processor.h"
