/* Where the parts of Lintel's image lie in memory (linker.ld); each boundary is
 * page aligned. */
#pragma once

#include <stdint.h>

extern const uint8_t image_start[];
extern const uint8_t image_text_start[];
extern const uint8_t image_text_end[];
extern const uint8_t image_constants_start[]; /* read-only after relocation */
extern const uint8_t image_constants_end[];
extern const uint8_t image_data_start[];
extern const uint8_t image_end[];
