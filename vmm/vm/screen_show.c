/* Shows a machine's screen; see the header. Its task copies one band of
 * lines, then sleeps. The whole screen is copied about 20 times a second,
 * and copying takes a tenth of the time at most. */
#include "vmm/vm/screen_show.h"

#include "kernel/framebuffer.h"
#include "kernel/page.h"
#include "kernel/picture.h"
#include "kernel/time.h"
#include "vmm/vm/vm.h"

#define PASS        (50 * TIME_MS)
#define BAND        0x20000U /* bytes of the picture in one band */
#define SHARE       10
#define NOT_IN_VIEW (100 * TIME_MS)

#define PICTURE_PAGES ((sizeof(struct picture) + PAGE_SIZE - 1) / PAGE_SIZE)

_Static_assert(PICTURE_WIDTH_MOST >= CONFIG_SCREEN_WIDTH_MOST &&
                   PICTURE_HEIGHT_MOST >= CONFIG_SCREEN_HEIGHT_MOST,
               "every screen can be shown");

static bool wanted(const struct vm *vm)
{
    const struct screen_show *show = &vm->show;

    return console_is_shown(&vm->console) && show->choice != SCREEN_SHOW_TEXT &&
           (show->choice == SCREEN_SHOW_PICTURE || show->picture->drawn);
}

static void update_shown(struct vm *vm)
{
    struct screen_show *show = &vm->show;
    bool want = wanted(vm);

    if (want && !show->shown) {
        /* The task of another machine may not have seen yet that it has lost
         * the keyboard. Then this fails, and the next look tries again. */
        show->shown = picture_show(show->picture);
    } else if (!want && show->shown) {
        picture_hide(show->picture);
        show->shown = false;
    }
}

/* Copies one band. Returns when the next band is due. */
static uint64_t look(struct picture *picture)
{
    uint32_t rows = BAND / picture->pitch;
    uint32_t bands = (picture->height + rows - 1) / rows;
    uint64_t before = time_now();

    picture_look(picture, rows);
    uint64_t after = time_now();
    uint64_t wait = (SHARE - 1) * (after - before);

    return after + (wait > PASS / bands ? wait : PASS / bands);
}

static void show_task(void *argument)
{
    struct vm *vm = argument;
    struct screen_show *show = &vm->show;

    while (!vm->stopping) {
        update_shown(vm);
        if (console_is_shown(&vm->console) &&
            show->choice != SCREEN_SHOW_TEXT) {
            event_wait_until(&show->changed, look(show->picture));
        } else {
            event_wait_until(&show->changed, time_now() + NOT_IN_VIEW);
        }
    }
    picture_hide(show->picture);
    vm_task_done(vm);
}

bool screen_show_start(struct vm *vm)
{
    const struct boot_screen *screen = vm->boot_plan.request.screen;
    uint32_t width = 0;
    uint32_t height = 0;

    framebuffer_size(&width, &height);
    if (screen == NULL || width == 0) {
        return true;
    }
    vm->show.picture = page_alloc(PICTURE_PAGES, PAGE_SIZE);
    if (vm->show.picture == NULL) {
        return false;
    }
    picture_open(vm->show.picture,
                 guest_memory_range(&vm->memory, gpa(screen->address),
                                    (uint64_t)screen->pitch * screen->height),
                 screen->width, screen->height, screen->pitch);
    return vm_task_start(vm, "screen", show_task, vm);
}

void screen_show_switch(struct vm *vm)
{
    struct screen_show *show = &vm->show;

    if (show->picture == NULL) {
        console_say(vm->boot_plan.request.screen == NULL
                        ? "\r\nThe machine has no screen.\r\n"
                        : "\r\nThere is no screen to show it on.\r\n");
        return;
    }
    show->choice = wanted(vm) ? SCREEN_SHOW_TEXT : SCREEN_SHOW_PICTURE;
    event_signal(&show->changed);
}

void screen_show_stop(struct vm *vm)
{
    event_signal(&vm->show.changed);
}

void screen_show_destroy(struct vm *vm)
{
    if (vm->show.picture != NULL) {
        page_free(vm->show.picture, PICTURE_PAGES);
    }
}
