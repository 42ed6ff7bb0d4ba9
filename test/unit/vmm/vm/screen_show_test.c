/* vmm/vm/screen_show.c: when a machine's screen is seen and when the text is,
 * and how much of the time goes into it. The task's waits are steps of the
 * test. */
#include "vmm/vm/screen_show.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/framebuffer.h"
#include "kernel/page.h"
#include "kernel/picture.h"
#include "vmm/vm/vm.h"

#define WIDTH  640U
#define HEIGHT 400U
#define RAM    (4ULL << 20)

static struct vm vm;
static struct boot_screen screen;
static uint32_t *pixels; /* Lintel's screen */
static uint32_t *drawing;
static void (*task)(void *argument);
static bool keyboard;
static unsigned done;
static const char *said;

/* What the guest and the user do, one a wait; the last one ends the machine. */
static void (*const *story)(void);

/* Time: what a look costs, and how long was waited. */
static uint64_t now;
static uint64_t cost;
static bool looking;
static uint64_t waited;

uint64_t time_now(void)
{
    /* Asked before and after a look. */
    looking = !looking;
    now += looking ? 0 : cost;
    return now;
}

/* Text is drawn at once here. */
void timer_arm(struct timer *timer, uint64_t deadline)
{
    (void)timer;
    (void)deadline;
    fail();
}

bool event_wait_until(struct event *event, uint64_t deadline)
{
    assert_ptr_equal(event, &vm.show.changed);
    looking = false;
    waited = deadline - now;
    now = deadline;
    (*story++)();
    return true;
}

void event_signal(struct event *event)
{
    event->signalled = true;
}

bool console_is_shown(const struct console *console)
{
    assert_ptr_equal(console, &vm.console);
    return keyboard;
}

void console_say(const char *text)
{
    said = text;
}

bool vm_task_start(struct vm *which, const char *name, task_entry entry,
                   void *argument)
{
    assert_ptr_equal(which, argument);
    assert_string_equal(name, "screen");
    task = entry;
    return true;
}

void vm_task_done(struct vm *which)
{
    (void)which;
    done++;
}

void *page_alloc(size_t count, uint64_t alignment)
{
    (void)alignment;
    return calloc(count, PAGE_SIZE);
}

void page_free(void *base, size_t count)
{
    (void)count;
    free(base);
}

static int setup(void **state)
{
    const struct framebuffer_mode mode = {
        .base = (uint64_t)(uintptr_t)(pixels = malloc(WIDTH * HEIGHT * 4UL)),
        .width = WIDTH,
        .height = HEIGHT,
        .pitch = WIDTH * 4,
        .format = FRAMEBUFFER_BGRX,
    };

    (void)state;
    assert_true(framebuffer_open(&mode));
    framebuffer_write("text", 4);
    memset(&vm, 0, sizeof(vm));
    screen = (struct boot_screen){
        .address = RAM - WIDTH * HEIGHT * 4UL,
        .pitch = WIDTH * 4,
        .width = WIDTH,
        .height = HEIGHT,
    };
    vm.boot_plan.request.screen = &screen;
    vm.memory.slots[0] =
        (struct guest_memory_slot){.size = RAM, .host = calloc(1, RAM)};
    vm.memory.slot_count = 1;
    drawing = (uint32_t *)(void *)(vm.memory.slots[0].host + screen.address);
    task = NULL;
    keyboard = true;
    done = 0;
    said = NULL;
    now = 0;
    cost = 0;
    looking = false;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    screen_show_destroy(&vm);
    framebuffer_open(&(struct framebuffer_mode){0});
    free(vm.memory.slots[0].host);
    free(pixels);
    return 0;
}

/* ---- what may happen ---- */

static bool is_text(void)
{
    uint32_t lit = 0;

    for (unsigned i = 0; i < 8 * 4; i++) {
        lit |= pixels[WIDTH * 8 + i];
    }
    return lit != 0 && pixels[WIDTH * HEIGHT - 1] == 0;
}

static bool is_picture(void)
{
    return pixels[WIDTH * HEIGHT - 1] == 0x123456 && pixels[0] == 0;
}

static void nothing(void)
{
}

static void draw(void)
{
    drawing[WIDTH * HEIGHT - 1] = 0xff123456;
}

static void text(void)
{
    assert_true(is_text());
}

static void picture(void)
{
    assert_true(is_picture());
}

static void neither(void)
{
    assert_false(is_text());
    assert_false(is_picture());
}

static void press(void)
{
    screen_show_switch(&vm);
    assert_true(vm.show.changed.signalled);
}

static void lose(void)
{
    keyboard = false;
}

static void gain(void)
{
    keyboard = true;
}

static void end(void)
{
    vm.stopping = true;
    screen_show_stop(&vm);
}

/* A pass over the picture is so many waits: 51 lines are a band. */
#define PASS                                                                   \
    nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing

static void play(void (*const *steps)(void))
{
    story = steps;
    assert_true(screen_show_start(&vm));
    assert_non_null(task);
    task(&vm);
    assert_int_equal(done, 1);
    assert_true(is_text());
}

/* ---- tests ---- */

static void it_is_seen_once_it_is_drawn_in(void **state)
{
    static void (*const steps[])(void) = {text, PASS,    text, draw,
                                          PASS, nothing, PASS, picture,
                                          PASS, picture, end};

    (void)state;
    play(steps);
}

static void the_key_changes(void **state)
{
    static void (*const steps[])(void) = {draw, PASS,    PASS,  picture, press,
                                          text, text,    text,  press,   PASS,
                                          PASS, picture, press, text,    end};

    (void)state;
    play(steps);
}

static void the_key_shows_a_black_one_too(void **state)
{
    static void (*const steps[])(void) = {PASS,    press, neither, PASS, PASS,
                                          neither, press, text,    draw, PASS,
                                          PASS,    text,  end};

    (void)state;
    play(steps);
}

static void who_has_no_keyboard_is_not_seen(void **state)
{
    static void (*const steps[])(void) = {draw, PASS,    PASS, picture, lose,
                                          text, PASS,    text, gain,    PASS,
                                          PASS, picture, end};

    (void)state;
    play(steps);
}

static void another_has_the_screen(void)
{
    assert_true(framebuffer_take(&screen));
}

static void another_gives_it_back(void)
{
    framebuffer_give_back(&screen);
}

/* Whoever loses the keyboard may see it later than whoever gets it. */
static void it_waits_for_the_screen(void **state)
{
    static void (*const steps[])(void) = {
        another_has_the_screen, draw, PASS,    PASS, neither,
        another_gives_it_back,  PASS, picture, end};

    (void)state;
    play(steps);
}

static uint64_t least, most;

static void was_paced(void)
{
    assert_in_range(waited, least, most);
}

static void a_tenth_of_the_time(void **state)
{
    static void (*const steps[])(void) = {was_paced, was_paced, was_paced,
                                          lose,      nothing,   end};

    (void)state;
    /* 20 passes a second, of 8 bands. */
    cost = 10 * TIME_US;
    least = most = 50 * TIME_MS / 8;
    play(steps);
    teardown(NULL);
    setup(NULL);
    cost = 2 * TIME_MS;
    least = most = 18 * TIME_MS;
    play(steps);
}

static void where_there_is_none(void **state)
{
    (void)state;
    vm.boot_plan.request.screen = NULL;
    assert_true(screen_show_start(&vm));
    assert_null(task);
    screen_show_switch(&vm);
    assert_non_null(strstr(said, "The machine has no screen"));
    vm.boot_plan.request.screen = &screen;
    framebuffer_open(&(struct framebuffer_mode){0});
    assert_true(screen_show_start(&vm));
    assert_null(task);
    screen_show_switch(&vm);
    assert_non_null(strstr(said, "no screen to show it on"));
    screen_show_stop(&vm);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_is_seen_once_it_is_drawn_in),
        TEST(the_key_changes),
        TEST(the_key_shows_a_black_one_too),
        TEST(who_has_no_keyboard_is_not_seen),
        TEST(it_waits_for_the_screen),
        TEST(a_tenth_of_the_time),
        TEST(where_there_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
