/* The page walk: every paging mode, every cause of a page fault, accessed and
 * dirty bits. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/regs.h"
#include "test/unit/support/emulate_guest.h"
#include "vmm/cpu/walk.h"

#define RAM_SIZE 0x400000ULL
#define ROOT     0x1000ULL

#define ALL (PTE_P | PTE_RW | PTE_US)

#define LINEAR 0xffff888012345000ULL
#define PAGE   0x80000ULL

struct machine {
    struct guest guest;
    struct guest_memory memory;
    struct walk_space space;
    uint64_t next; /* free table */
    /* Entries on the way to LINEAR, [0] the page's. */
    uint64_t *entry[5];
};

static uint64_t *at(struct machine *machine, uint64_t address)
{
    uint64_t *word = guest_memory_range(&machine->memory, gpa(address), 8);

    assert_non_null(word);
    return word;
}

static int set_up(void **state)
{
    struct machine *machine = calloc(1, sizeof(*machine));
    uint64_t table = ROOT;

    machine->memory.slot_count = 1;
    machine->memory.slots[0] = (struct guest_memory_slot){
        .base = 0, .size = RAM_SIZE, .host = calloc(1, RAM_SIZE)};
    machine->space = (struct walk_space){.guest = &machine->guest,
                                         .memory = &machine->memory,
                                         .physical_bits = 40};
    machine->next = 0x10000;
    guest_fake_long(&machine->guest);
    guest_fake_map(&machine->memory, ROOT, &machine->next, LINEAR, PAGE, ALL);
    for (int i = 3; i >= 0; i--) {
        machine->entry[i] =
            at(machine, table + (LINEAR >> (12 + 9 * i) & 511) * 8);
        table = *machine->entry[i] & 0xffffffffff000;
    }
    *state = machine;
    return 0;
}

static int tear_down(void **state)
{
    struct machine *machine = *state;

    free(machine->memory.slots[0].host);
    free(machine);
    return 0;
}

static void expect(struct machine *machine, uint64_t linear,
                   enum walk_access access, enum walk_privilege privilege,
                   uint64_t physical)
{
    gpa_t out = gpa(~0ULL);
    struct walk_fault fault = {0};

    assert_int_equal(walk_translate(&machine->space, linear, access, privilege,
                                    &out, &fault),
                     WALK_OK);
    assert_int_equal(out.value, physical);
}

static void expect_fault(struct machine *machine, uint64_t linear,
                         enum walk_access access, enum walk_privilege privilege,
                         uint32_t code)
{
    gpa_t out = gpa(0x5a5a);
    struct walk_fault fault = {0};

    assert_int_equal(walk_translate(&machine->space, linear, access, privilege,
                                    &out, &fault),
                     WALK_FAULT);
    assert_int_equal(fault.linear, linear);
    assert_int_equal(fault.error_code, code);
    assert_int_equal(out.value, 0x5a5a);
}

static void long_mode_translates(void **state)
{
    struct machine *machine = *state;

    expect(machine, LINEAR + 0xabc, WALK_READ, WALK_SUPERVISOR, PAGE + 0xabc);
    machine->guest.reads = 0;
    expect(machine, LINEAR, WALK_FETCH, WALK_USER, PAGE);
    /* CR0 is not needed in long mode, but CR3, CR4 and EFER. */
    assert_true(machine->guest.reads <= 3);
}

static void large_pages_translate(void **state)
{
    struct machine *machine = *state;

    *machine->entry[1] = 0x3fe00000 | PTE_PS | ALL | 0x1000 /* PAT */;
    expect(machine, LINEAR + 7, WALK_WRITE, WALK_USER,
           0x3fe00000 | ((LINEAR + 7) & 0x1fffff));
    *machine->entry[1] |= 0x2000;
    expect_fault(machine, LINEAR, WALK_READ, WALK_SUPERVISOR, 0x9);
    *machine->entry[2] = 0x8040000000 | PTE_PS | ALL;
    expect(machine, LINEAR + 7, WALK_READ, WALK_USER,
           0x8040000000 | ((LINEAR + 7) & 0x3fffffff));
    *machine->entry[2] |= 0x20000000;
    expect_fault(machine, LINEAR, WALK_READ, WALK_SUPERVISOR, 0x9);
}

static void not_present_faults_at_each_level(void **state)
{
    struct machine *machine = *state;

    for (int i = 0; i < 4; i++) {
        *machine->entry[i] &= ~PTE_P;
        expect_fault(machine, LINEAR, WALK_READ, WALK_SUPERVISOR, 0x0);
        expect_fault(machine, LINEAR, WALK_WRITE, WALK_SUPERVISOR, 0x2);
        expect_fault(machine, LINEAR, WALK_WRITE, WALK_USER, 0x6);
        expect_fault(machine, LINEAR, WALK_FETCH, WALK_USER, 0x14);
        *machine->entry[i] |= PTE_P;
    }
    expect(machine, LINEAR, WALK_READ, WALK_SUPERVISOR, PAGE);
}

static void user_bit_counts_at_each_level(void **state)
{
    struct machine *machine = *state;

    for (int i = 0; i < 4; i++) {
        *machine->entry[i] &= ~PTE_US;
        expect_fault(machine, LINEAR, WALK_READ, WALK_USER, 0x5);
        expect_fault(machine, LINEAR, WALK_WRITE, WALK_USER, 0x7);
        expect_fault(machine, LINEAR, WALK_FETCH, WALK_USER, 0x15);
        expect(machine, LINEAR, WALK_READ, WALK_SUPERVISOR, PAGE);
        *machine->entry[i] |= PTE_US;
    }
}

static void write_bit_counts_at_each_level(void **state)
{
    struct machine *machine = *state;

    for (int i = 0; i < 4; i++) {
        *machine->entry[i] &= ~PTE_RW;
        expect_fault(machine, LINEAR, WALK_WRITE, WALK_USER, 0x7);
        expect_fault(machine, LINEAR, WALK_WRITE, WALK_SUPERVISOR, 0x3);
        expect(machine, LINEAR, WALK_READ, WALK_USER, PAGE);
        machine->guest.regs[GUEST_CR0] &= ~0x10000ULL; /* WP off */
        expect(machine, LINEAR, WALK_WRITE, WALK_SUPERVISOR, PAGE);
        expect_fault(machine, LINEAR, WALK_WRITE, WALK_USER, 0x7);
        machine->guest.regs[GUEST_CR0] |= 0x10000;
        *machine->entry[i] |= PTE_RW;
    }
}

static void execute_disable_counts_at_each_level(void **state)
{
    struct machine *machine = *state;

    for (int i = 0; i < 4; i++) {
        *machine->entry[i] |= PTE_XD;
        expect_fault(machine, LINEAR, WALK_FETCH, WALK_USER, 0x15);
        expect_fault(machine, LINEAR, WALK_FETCH, WALK_SUPERVISOR, 0x11);
        expect(machine, LINEAR, WALK_READ, WALK_USER, PAGE);
        machine->guest.regs[GUEST_EFER] &= ~0x800ULL; /* reserved now */
        expect_fault(machine, LINEAR, WALK_READ, WALK_USER, 0xd);
        expect_fault(machine, LINEAR, WALK_FETCH, WALK_USER, 0xd);
        machine->guest.regs[GUEST_EFER] |= 0x800;
        *machine->entry[i] &= ~PTE_XD;
    }
}

static void smep_and_smap(void **state)
{
    struct machine *machine = *state;

    machine->guest.regs[GUEST_CR4] |= 1 << 20;
    expect_fault(machine, LINEAR, WALK_FETCH, WALK_SUPERVISOR, 0x11);
    expect(machine, LINEAR, WALK_FETCH, WALK_USER, PAGE);
    expect(machine, LINEAR, WALK_READ, WALK_SUPERVISOR, PAGE);
    machine->guest.regs[GUEST_CR4] |= 1 << 21;
    expect_fault(machine, LINEAR, WALK_READ, WALK_SUPERVISOR, 0x1);
    expect_fault(machine, LINEAR, WALK_WRITE, WALK_SUPERVISOR, 0x3);
    expect(machine, LINEAR, WALK_READ, WALK_USER, PAGE);
    machine->guest.regs[GUEST_RFLAGS] |= 1 << 18;
    expect(machine, LINEAR, WALK_READ, WALK_SUPERVISOR, PAGE);
    expect(machine, LINEAR, WALK_WRITE, WALK_SUPERVISOR, PAGE);
    expect_fault(machine, LINEAR, WALK_READ, WALK_IMPLICIT, 0x1);
    *machine->entry[3] &= ~PTE_US;
    expect(machine, LINEAR, WALK_READ, WALK_IMPLICIT, PAGE);
    expect(machine, LINEAR, WALK_FETCH, WALK_SUPERVISOR, PAGE);
}

static void reserved_bits_fault(void **state)
{
    struct machine *machine = *state;

    for (int i = 0; i < 4; i++) {
        *machine->entry[i] |= 1ULL << 40; /* MAXPHYADDR is 40 */
        expect_fault(machine, LINEAR, WALK_READ, WALK_SUPERVISOR, 0x9);
        expect_fault(machine, LINEAR, WALK_WRITE, WALK_USER, 0xf);
        expect_fault(machine, LINEAR, WALK_FETCH, WALK_USER, 0x1d);
        *machine->entry[i] ^= 1ULL << 40;
        *machine->entry[i] |= 0x7ff0000000000e00; /* ignored */
        expect(machine, LINEAR, WALK_READ, WALK_USER, PAGE);
    }
    *machine->entry[0] |= PTE_PS; /* PAT there */
    expect(machine, LINEAR, WALK_READ, WALK_USER, PAGE);
    *machine->entry[3] |= PTE_PS;
    expect_fault(machine, LINEAR, WALK_READ, WALK_USER, 0xd);
}

static void accessed_and_dirty_are_set(void **state)
{
    struct machine *machine = *state;

    *machine->entry[0] &= ~PTE_RW;
    expect_fault(machine, LINEAR, WALK_WRITE, WALK_USER, 0x7);
    assert_int_equal(*machine->entry[0] & (PTE_A | PTE_D), 0);
    expect(machine, LINEAR, WALK_PEEK, WALK_USER, PAGE);
    assert_int_equal(*machine->entry[0] & (PTE_A | PTE_D), 0);
    *machine->entry[0] |= PTE_RW;
    expect(machine, LINEAR, WALK_READ, WALK_USER, PAGE);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(*machine->entry[i] & (PTE_A | PTE_D), PTE_A);
    }
    expect(machine, LINEAR, WALK_WRITE, WALK_USER, PAGE);
    assert_int_equal(*machine->entry[0] & (PTE_A | PTE_D), PTE_A | PTE_D);
    assert_int_equal(*machine->entry[1] & (PTE_A | PTE_D), PTE_A);
}

static void tables_outside_ram_are_told(void **state)
{
    struct machine *machine = *state;
    gpa_t out = gpa(0);
    struct walk_fault fault = {0};

    *machine->entry[2] = 0xfee00000 | ALL;
    assert_int_equal(walk_translate(&machine->space, LINEAR, WALK_READ,
                                    WALK_USER, &out, &fault),
                     WALK_NOT_RAM);
    assert_int_equal(fault.table.value, 0xfee00000 + (LINEAR >> 21 & 511) * 8);
    machine->guest.regs[GUEST_CR3] = 0x000ffffffffff000;
    machine->space.physical_bits = 52;
    assert_int_equal(walk_translate(&machine->space, ~0ULL, WALK_READ,
                                    WALK_USER, &out, &fault),
                     WALK_NOT_RAM);
}

static void five_levels(void **state)
{
    struct machine *machine = *state;
    uint64_t linear = 0x00fe888012345000;

    machine->guest.regs[GUEST_CR4] |= 1 << 12;
    machine->guest.regs[GUEST_CR3] = 0x8000 | 0xfff; /* PCID below */
    *at(machine, 0x8000 + (linear >> 48 & 511) * 8) = ROOT | ALL;
    expect(machine, linear + 1, WALK_WRITE, WALK_USER, PAGE + 1);
    assert_int_equal(*at(machine, 0x8000 + (linear >> 48 & 511) * 8) & PTE_A,
                     PTE_A);
    *at(machine, 0x8000 + (linear >> 48 & 511) * 8) |= PTE_PS;
    expect_fault(machine, linear, WALK_READ, WALK_USER, 0xd);
}

static void pae(void **state)
{
    struct machine *machine = *state;
    uint64_t linear = 0xc0a03123;
    uint64_t *pdpte = at(machine, 0x8020 + 3 * 8);
    uint64_t *pde = at(machine, 0x9000 + (linear >> 21 & 511) * 8);
    uint64_t *pte = at(machine, 0xa000 + (linear >> 12 & 511) * 8);

    guest_fake_flat32(&machine->guest);
    machine->guest.regs[GUEST_CR0] |= 0x80010000;
    machine->guest.regs[GUEST_CR4] = 0x20;
    machine->guest.regs[GUEST_EFER] = 0x800;
    machine->guest.regs[GUEST_CR3] = 0x8020; /* 32-byte aligned */
    *pdpte = 0x9000 | PTE_P;
    *pde = 0xa000 | ALL;
    *pte = 0x1234567000 | ALL;
    expect(machine, linear, WALK_WRITE, WALK_USER, 0x1234567123);
    assert_int_equal(*pdpte, 0x9000 | PTE_P); /* no A bit */
    assert_int_equal(*pde & (PTE_A | PTE_D), PTE_A);
    assert_int_equal(*pte & (PTE_A | PTE_D), PTE_A | PTE_D);
    *pte |= PTE_XD;
    expect_fault(machine, linear, WALK_FETCH, WALK_SUPERVISOR, 0x11);
    *pte |= 1ULL << 55; /* reserved in PAE paging, ignored in long mode */
    expect_fault(machine, linear, WALK_READ, WALK_SUPERVISOR, 0x9);
    *pde = 0x1200200000 | ALL | PTE_PS;
    expect(machine, linear, WALK_READ, WALK_USER, 0x1200203123);
    *pde |= 0x4000;
    expect_fault(machine, linear, WALK_READ, WALK_USER, 0xd);
    *pdpte = 0;
    expect_fault(machine, linear, WALK_READ, WALK_USER, 0x4);
}

/* SDM 3A Table 4-8. */
static void each_reserved_bit_of_a_pdpte_faults(void **state)
{
    struct machine *machine = *state;
    const uint64_t reserved = 0x1e6 | ~0ULL << machine->space.physical_bits;
    uint64_t linear = 0x40003123;
    uint64_t *pdpte = at(machine, 0x8020 + 8);

    guest_fake_flat32(&machine->guest);
    machine->guest.regs[GUEST_CR0] |= 0x80010000;
    machine->guest.regs[GUEST_CR4] = 0x20;
    machine->guest.regs[GUEST_EFER] = 0x800;
    machine->guest.regs[GUEST_CR3] = 0x8020;
    *at(machine, 0x9000) = 0xa000 | ALL;
    *at(machine, 0xa000 + 3 * 8) = PAGE | ALL;
    for (unsigned bit = 1; bit < 64; bit++) {
        *pdpte = 0x9000 | PTE_P | 1ULL << bit;
        if (reserved >> bit & 1) {
            expect_fault(machine, linear, WALK_READ, WALK_USER, 0xd);
        } else if (bit < 12) { /* the others are the directory's address */
            expect(machine, linear, WALK_READ, WALK_USER, PAGE + 0x123);
        }
    }
}

static void thirty_two_bit(void **state)
{
    struct machine *machine = *state;
    uint32_t *tables = (uint32_t *)(void *)machine->memory.slots[0].host;
    uint64_t linear = 0xc0a03123;
    uint32_t *pde = tables + 0x8000 / 4 + (linear >> 22);
    uint32_t *pte = tables + 0x9000 / 4 + (linear >> 12 & 1023);

    guest_fake_flat32(&machine->guest);
    machine->guest.regs[GUEST_CR3] = 0x8018; /* PCD and PWT do not matter */
    expect(machine, linear, WALK_WRITE, WALK_USER, linear); /* no paging */
    machine->guest.regs[GUEST_CR0] |= 0x80010000;
    *pde = 0x9000 | ALL;
    *pte = 0xfee01000 | ALL;
    pte[1] = 0xdeadbeef;
    pte[-1] = 0xdeadbeef;
    expect(machine, linear, WALK_WRITE, WALK_USER, 0xfee01123);
    assert_int_equal(*pte & 0xfff, ALL | PTE_A | PTE_D);
    assert_int_equal(*pde & 0xfff, ALL | PTE_A);
    assert_int_equal(pte[1], 0xdeadbeef);
    assert_int_equal(pte[-1], 0xdeadbeef);
    *pte &= ~(uint32_t)PTE_RW;
    expect_fault(machine, linear, WALK_WRITE, WALK_USER, 0x7);
    *pte = 0;
    /* Neither NX nor SMEP: the fetch is not told. */
    machine->guest.regs[GUEST_EFER] = 0x800;
    expect_fault(machine, linear, WALK_FETCH, WALK_USER, 0x4);
    machine->guest.regs[GUEST_CR4] = 1 << 20;
    expect_fault(machine, linear, WALK_FETCH, WALK_USER, 0x14);
    /* PS means nothing without CR4.PSE, and PSE-36 with it. */
    *pde |= PTE_PS;
    expect_fault(machine, linear, WALK_READ, WALK_USER, 0x4);
    machine->guest.regs[GUEST_CR4] = 1 << 4;
    *pde = 0x00400000 | (0xa5 << 13) | PTE_PS | ALL;
    expect(machine, linear, WALK_READ, WALK_USER,
           0xa500400000 | (linear & 0x3fffff));
    *pde |= 1 << 21;
    expect_fault(machine, linear, WALK_READ, WALK_USER, 0xd);
    *pde = 0x00400000 | (0x15 << 13) | PTE_PS | ALL;
    machine->space.physical_bits = 36; /* bits 17 up reserved: 0x10 << 13 */
    expect_fault(machine, linear, WALK_READ, WALK_USER, 0xd);
}

static void peek_crosses_pages(void **state)
{
    struct machine *machine = *state;
    uint8_t bytes[32] = {0};

    memset(machine->memory.slots[0].host + PAGE, 0x77, 4096);
    assert_int_equal(walk_peek(&machine->space, LINEAR + 4090, bytes, 32), 6);
    assert_int_equal(bytes[5], 0x77);
    assert_int_equal(bytes[6], 0);
    guest_fake_map(&machine->memory, ROOT, &machine->next, LINEAR + 4096, PAGE,
                   PTE_P);
    assert_int_equal(walk_peek(&machine->space, LINEAR + 4090, bytes, 32), 32);
    assert_int_equal(bytes[31], 0x77);
}

static uint64_t random_state = 20240607;

static bool chance(unsigned one_in)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (random_state * 0x2545f4914f6cdd1dULL >> 33) % one_in == 0;
}

static uint64_t maybe(unsigned one_in, uint64_t bits)
{
    return chance(one_in) ? bits : 0;
}

/* With all A and D bits set the walk may take its short way; one A bit cleared
 * forces the long one. Both must say the same of any tables. */
static void short_way_equals_long_way(void **state)
{
    struct machine *machine = *state;
    struct guest *guest = &machine->guest;
    uint64_t tables[4];
    unsigned ok = 0;

    for (int i = 0; i < 4; i++) {
        tables[i] = *machine->entry[i] & 0xffffffffff000;
    }
    for (unsigned round = 0; round < 400000; round++) {
        enum walk_access access = (enum walk_access)(round % 3);
        enum walk_privilege privilege = (enum walk_privilege)(round / 3 % 3);
        enum walk_result result[2];
        gpa_t out[2] = {gpa(0), gpa(0)};
        struct walk_fault fault[2] = {{0}, {0}};

        for (int i = 0; i < 4; i++) {
            *machine->entry[i] =
                tables[i] | PTE_A | PTE_D | maybe(32, 1ULL << 40) |
                maybe(32, 0x2000) | (PTE_P & ~maybe(32, PTE_P)) |
                (PTE_RW & ~maybe(8, PTE_RW)) | (PTE_US & ~maybe(4, PTE_US)) |
                maybe(8, PTE_PS) | maybe(16, PTE_XD);
        }
        guest->regs[GUEST_CR0] = 0x80000033 | maybe(2, 1 << 16);
        guest->regs[GUEST_CR4] = 0x20 | maybe(2, 1 << 20) | maybe(2, 1 << 21);
        guest->regs[GUEST_EFER] = 0x500 | (0x800 & ~maybe(4, 0x800));
        guest->regs[GUEST_RFLAGS] = 2 | maybe(2, 1 << 18);
        for (unsigned i = 0; i < 2; i++) {
            result[i] = walk_translate(&machine->space, LINEAR + 0x123, access,
                                       privilege, &out[i], &fault[i]);
            *machine->entry[3] &= ~PTE_A;
        }
        assert_int_equal(result[0], result[1]);
        assert_int_equal(out[0].value, out[1].value);
        assert_int_equal(fault[0].error_code, fault[1].error_code);
        ok += result[0] == WALK_OK;
    }
    assert_true(ok > 50000 && ok < 350000);
}

struct changer {
    uint64_t *entry;
    bool stop;
};

static void *change(void *argument)
{
    struct changer *changer = argument;

    for (uint64_t i = 0; !__atomic_load_n(&changer->stop, __ATOMIC_RELAXED);
         i++) {
        __atomic_store_n(changer->entry, PAGE | ALL | (i & 7) << 9,
                         __ATOMIC_RELAXED);
    }
    return NULL;
}

/* Another processor rewrites the entry without end: each walk ends all the
 * same, with the answer or with WALK_RACE. */
static void racing_tables_do_not_hold_the_walk(void **state)
{
    struct machine *machine = *state;
    struct changer changer = {.entry = machine->entry[0]};
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, change, &changer), 0);
    for (unsigned i = 0; i < 200000; i++) {
        gpa_t out = gpa(0);
        struct walk_fault fault;
        enum walk_result result = walk_translate(
            &machine->space, LINEAR, WALK_WRITE, WALK_USER, &out, &fault);

        assert_true(result == WALK_OK || result == WALK_RACE);
        assert_true(result == WALK_RACE || out.value == PAGE);
    }
    __atomic_store_n(&changer.stop, true, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(long_mode_translates),
        TEST(large_pages_translate),
        TEST(not_present_faults_at_each_level),
        TEST(user_bit_counts_at_each_level),
        TEST(write_bit_counts_at_each_level),
        TEST(execute_disable_counts_at_each_level),
        TEST(smep_and_smap),
        TEST(reserved_bits_fault),
        TEST(accessed_and_dirty_are_set),
        TEST(tables_outside_ram_are_told),
        TEST(five_levels),
        TEST(pae),
        TEST(each_reserved_bit_of_a_pdpte_faults),
        TEST(thirty_two_bit),
        TEST(peek_crosses_pages),
        TEST(short_way_equals_long_way),
        TEST(racing_tables_do_not_hold_the_walk),
    };

    return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
