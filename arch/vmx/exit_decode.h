/* What must be read of an exit, by its reason, and the reading of it: the part
 * of guest_run() between guest_entry() and its return. Private to arch/. */
#pragma once

#include <stdint.h>

struct guest;
struct exit;

/* What an exit reason comes with (SDM 3C 28.2). */
#define EXIT_HAS_LENGTH        (1U << 0) /* the instruction's */
#define EXIT_HAS_QUALIFICATION (1U << 1)
#define EXIT_HAS_VECTORING     (1U << 2) /* an event's delivery interrupted */
#define EXIT_HAS_FIELDS        (1U << 3) /* of the union in struct exit */
/* The exit ends with guest_skip() more often than not. */
#define EXIT_WILL_SKIP (1U << 4)

/* Index: exit reason. */
extern const uint8_t exit_decode_needs[];

/* All but reason and length, for the reasons that need more than that. */
void exit_decode(struct guest *guest, struct exit *exit, unsigned needs);
