/* Prints an exception into the log. arch/idt.c calls it. SDM 3A 6.13 to
 * 6.15. */

#include <stdbool.h>
#include <stddef.h>

#include "arch/backtrace.h"
#include "arch/cpu.h"
#include "arch/idt.h"
#include "arch/msr.h"
#include "arch/paging.h"
#include "arch/regs.h"
#include "kernel/base/format.h"
#include "kernel/base/log.h"

#define CODE_BYTES  16U
#define STACK_WORDS 16U

static const char *const exception_names[VECTOR_EXCEPTIONS] = {
    [VECTOR_DE] = "#DE divide error",
    [VECTOR_DB] = "#DB debug",
    [VECTOR_NMI] = "NMI",
    [VECTOR_BP] = "#BP breakpoint",
    [VECTOR_OF] = "#OF overflow",
    [VECTOR_BR] = "#BR bound range exceeded",
    [VECTOR_UD] = "#UD invalid opcode",
    [VECTOR_NM] = "#NM device not available",
    [VECTOR_DF] = "#DF double fault",
    [VECTOR_TS] = "#TS invalid TSS",
    [VECTOR_NP] = "#NP segment not present",
    [VECTOR_SS] = "#SS stack segment fault",
    [VECTOR_GP] = "#GP general protection",
    [VECTOR_PF] = "#PF page fault",
    [VECTOR_MF] = "#MF x87 floating-point error",
    [VECTOR_AC] = "#AC alignment check",
    [VECTOR_MC] = "#MC machine check",
    [VECTOR_XM] = "#XM SIMD floating-point exception",
    [VECTOR_VE] = "#VE virtualization exception",
    [VECTOR_CP] = "#CP control protection",
};

static const char *const gpr_names[16] = {
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
    "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15",
};

/* A fault at most so many bytes below RSP was an overflow of the stack: the
 * frame of one exception or of one function. */
#define GUARD_REACH 4096U

/* The bits are those of SDM 3A Figure 4-12 for page faults, and of 6-7 for
 * selectors. */
static void log_error_code(const struct trap_frame *frame)
{
    unsigned error = (unsigned)frame->error;

    if (frame->vector == VECTOR_PF) {
        log_error("  %s of %016llx: %s%s%s",
                  error & PF_I   ? "fetch"
                  : error & PF_W ? "write"
                                 : "read",
                  (unsigned long long)cpu_read_cr2(),
                  error & PF_P ? "not allowed there"
                               : "nothing is mapped there",
                  error & PF_RSVD ? ", reserved bit set" : "",
                  cpu_read_cr2() < PAGE_SIZE ? " (NULL pointer)" : "");
        return;
    }
    if (frame->vector == VECTOR_DF &&
        frame->rsp - cpu_read_cr2() < GUARD_REACH) {
        log_error("  the stack has run into its guard page");
        return;
    }
    if (error) {
        log_error("  error code %x: %s %u%s", error,
                  error & ERROR_IDT  ? "IDT vector"
                  : error & ERROR_TI ? "LDT entry"
                                     : "GDT entry",
                  (unsigned)bits(error, 15, 3),
                  error & ERROR_EXT ? ", from outside the program" : "");
    }
}

static void log_registers(const struct trap_frame *frame)
{
    uint64_t offset = 0;
    bool ours = backtrace_offset(frame->rip, &offset);

    log_error("  rip %016llx %s%llx  cs %llx  ss %llx  rflags %llx",
              (unsigned long long)frame->rip, ours ? "lintel+0x" : "outside ",
              (unsigned long long)offset, (unsigned long long)frame->cs,
              (unsigned long long)frame->ss, (unsigned long long)frame->rflags);
    for (unsigned i = 0; i < 16; i += 4) {
        log_error("  %-3s %016llx  %-3s %016llx  %-3s %016llx  %-3s %016llx",
                  gpr_names[i], (unsigned long long)frame->gpr[i],
                  gpr_names[i + 1], (unsigned long long)frame->gpr[i + 1],
                  gpr_names[i + 2], (unsigned long long)frame->gpr[i + 2],
                  gpr_names[i + 3], (unsigned long long)frame->gpr[i + 3]);
    }
    log_error(
        "  cr0 %llx  cr2 %llx  cr3 %llx  cr4 %llx  efer %llx",
        (unsigned long long)cpu_read_cr0(), (unsigned long long)cpu_read_cr2(),
        (unsigned long long)cpu_read_cr3(), (unsigned long long)cpu_read_cr4(),
        (unsigned long long)cpu_rdmsr(MSR_EFER));
}

/* Logs the bytes at the instruction, if they can be read. */
static void log_code(uint64_t rip)
{
    char line[3 * CODE_BYTES + 1];
    size_t length = 0;

    line[0] = '\0';
    for (unsigned i = 0; i < CODE_BYTES && paging_is_mapped(rip + i); i++) {
        length += format_sn(line + length, sizeof(line) - length, " %02x",
                            *(const uint8_t *)(uintptr_t)(rip + i));
    }
    log_error("  code%s", line[0] ? line : " cannot be read");
}

static void log_stack(uint64_t rsp)
{
    const uint64_t *words = (const uint64_t *)(uintptr_t)(rsp & ~7ULL);

    for (unsigned i = 0; i < STACK_WORDS; i += 4) {
        if (!paging_is_mapped((uintptr_t)&words[i]) ||
            !paging_is_mapped((uintptr_t)&words[i + 3])) {
            log_error("  stack at %016llx cannot be read",
                      (unsigned long long)(uintptr_t)&words[i]);
            return;
        }
        log_error(
            "  stack+%02x %016llx %016llx %016llx %016llx", i * 8,
            (unsigned long long)words[i], (unsigned long long)words[i + 1],
            (unsigned long long)words[i + 2], (unsigned long long)words[i + 3]);
    }
}

void idt_dump(const struct trap_frame *frame)
{
    const char *name = frame->vector < VECTOR_EXCEPTIONS
                           ? exception_names[frame->vector]
                           : NULL;

    log_error("%s (vector %u) in Lintel", name ? name : "interrupt",
              (unsigned)frame->vector);
    log_error_code(frame);
    log_registers(frame);
    log_code(frame->rip);
    log_stack(frame->rsp);
}
