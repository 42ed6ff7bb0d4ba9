/* Implements the health tests, see kernel/entropy_health.h. */
#include "kernel/entropy_health.h"

/* The repetition count test (section 4.4.1). False: it failed. */
static bool repetition(struct health *health, unsigned limit, uint8_t sample)
{
    if (health->repeats > 0 && sample == health->last) {
        health->repeats++;
    } else {
        health->last = sample;
        health->repeats = 1;
    }
    return health->repeats < limit;
}

/* The adaptive proportion test (section 4.4.2). False: it failed. */
static bool proportion(struct health *health, unsigned limit, uint8_t sample)
{
    if (health->seen == 0) {
        health->first = sample;
        health->equal = 0;
    }
    if (sample == health->first) {
        health->equal++;
    }
    health->seen = (health->seen + 1) % HEALTH_WINDOW;
    return health->equal < limit;
}

bool health_take(struct health *health, const struct health_limits *limits,
                 uint8_t sample)
{
    bool repetition_good = repetition(health, limits->repeats, sample);
    bool proportion_good = proportion(health, limits->proportion, sample);

    return repetition_good && proportion_good;
}
