/* A page of generated code round the instruction; see the header. */
#include "test/unit/support/emulate_native.h"

#include <asm/prctl.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STATE (NATIVE_CODE + 0x2000)

struct block {
    struct native_state in;
    struct native_state out;
    uint64_t host_rsp;
    uint64_t host_flags;
};

#define OFFSET(field) (uint32_t)(STATE + offsetof(struct block, field))

static sigjmp_buf escape;
static uint8_t signal_stack[65536];

static void on_signal(int number)
{
    siglongjmp(escape, number);
}

static bool map(uint64_t address, size_t size, int protection)
{
    void *wanted = (void *)address;

    return mmap(wanted, size, protection,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
                0) == wanted;
}

/* `opcode` r64, [address] or the like: ModRM with a SIB and no base. */
static uint8_t *emit(uint8_t *at, uint8_t opcode, unsigned reg,
                     uint32_t address)
{
    *at++ = (uint8_t)(0x48 | (reg & 8) >> 1);
    *at++ = opcode;
    *at++ = (uint8_t)(0x04 | (reg & 7) << 3);
    *at++ = 0x25;
    memcpy(at, &address, 4);
    return at + 4;
}

static uint8_t *emit_bytes(uint8_t *at, const char *bytes, size_t length)
{
    memcpy(at, bytes, length);
    return at + length;
}

/* Everything up to the instruction: saves, then loads all registers. */
static void emit_prologue(void)
{
    uint8_t *at = (uint8_t *)NATIVE_CODE;

    memset(at, 0x90, 0x1000);
    at = emit_bytes(at, "\x53\x55\x41\x54\x41\x55\x41\x56\x41\x57\x9c", 11);
    at = emit(at, 0x89, 4, OFFSET(host_rsp));
    at = emit(at, 0xff, 6, OFFSET(in.flags)); /* PUSH */
    *at++ = 0x9d;                             /* POPFQ */
    for (unsigned i = 0; i < 16; i++) {
        if (i != 4) {
            at = emit(at, 0x8b, i, OFFSET(in.gprs) + 8 * i);
        }
    }
    at = emit(at, 0x8b, 4, OFFSET(in.gprs) + 8 * 4);
    /* JMP to the instruction. */
    *at++ = 0xe9;
    {
        int32_t distance = (int32_t)(NATIVE_RIP - ((uintptr_t)at + 4));

        memcpy(at, &distance, 4);
    }
}

static void emit_epilogue(uint8_t *at)
{
    for (unsigned i = 0; i < 16; i++) {
        at = emit(at, 0x89, i, OFFSET(out.gprs) + 8 * i);
    }
    at = emit(at, 0x8b, 4, OFFSET(host_rsp));
    *at++ = 0x9c;                              /* PUSHFQ */
    at = emit(at, 0x8f, 0, OFFSET(out.flags)); /* POP */
    emit_bytes(at, "\x9d\x41\x5f\x41\x5e\x41\x5d\x41\x5c\x5d\x5b\xc3", 12);
}

bool native_prepare(void)
{
    struct sigaction action = {.sa_handler = on_signal,
                               .sa_flags = SA_ONSTACK | SA_NODEFER};
    stack_t stack = {.ss_sp = signal_stack, .ss_size = sizeof(signal_stack)};

    if (!map(NATIVE_CODE, 0x3000, PROT_READ | PROT_WRITE | PROT_EXEC) ||
        !map(NATIVE_DATA, NATIVE_DATA_SIZE, PROT_READ | PROT_WRITE) ||
        syscall(SYS_arch_prctl, ARCH_SET_GS, NATIVE_GS_BASE) != 0) {
        return false;
    }
    emit_prologue();
    sigaltstack(&stack, NULL);
    sigaction(SIGFPE, &action, NULL);
    sigaction(SIGILL, &action, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    return true;
}

int native_run(const uint8_t *bytes, size_t length, struct native_state *state)
{
    struct block *block = (struct block *)STATE;
    uint8_t *code = (uint8_t *)NATIVE_RIP;
    int number = 0;

    memcpy(code, bytes, length);
    emit_epilogue(code + length);
    block->in = *state;
    number = sigsetjmp(escape, 0);
    if (number != 0) {
        __asm__ volatile("cld");
        return number;
    }
    ((void (*)(void))NATIVE_CODE)();
    *state = block->out;
    return 0;
}

uint64_t native_selector(unsigned segment)
{
    uint64_t selector = 0;

    switch (segment) {
    case 0:
        __asm__("mov %%es, %0" : "=r"(selector));
        break;
    case 1:
        __asm__("mov %%cs, %0" : "=r"(selector));
        break;
    case 2:
        __asm__("mov %%ss, %0" : "=r"(selector));
        break;
    case 3:
        __asm__("mov %%ds, %0" : "=r"(selector));
        break;
    case 4:
        __asm__("mov %%fs, %0" : "=r"(selector));
        break;
    default:
        __asm__("mov %%gs, %0" : "=r"(selector));
        break;
    }
    return selector;
}
