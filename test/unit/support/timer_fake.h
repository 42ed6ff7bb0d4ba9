/* The one timer of a host test, which the test fires by hand. */
#pragma once

#include <stdbool.h>

/* Fires it. False: none is armed. */
bool timer_fake_fire(void);
