/* Which fields an exit needs, by its reason, and the function that reads
 * them: the part of guest_run() between guest_entry() and its return.
 * Private to arch/. */
#pragma once

#include <stdint.h>

struct guest;
struct exit;

/* What an exit with this reason has (SDM 3C 28.2). */
#define EXIT_HAS_LENGTH        (1U << 0) /* the length of the instruction */
#define EXIT_HAS_QUALIFICATION (1U << 1)
#define EXIT_HAS_VECTORING     (1U << 2) /* perhaps an event's delivery */
#define EXIT_HAS_FIELDS        (1U << 3) /* members of the union */
/* The exit's handler usually calls guest_skip(). */
#define EXIT_WILL_SKIP (1U << 4)

/* Index: exit reason. */
extern const uint8_t exit_decode_needs[];

/* Reads everything except reason and length, for reasons that need more. */
void exit_decode(struct guest *guest, struct exit *exit, unsigned needs);
