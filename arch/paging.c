/* Lintel's own page tables; arch/paging.h has the contract. SDM 3A 4.5 (4-level
 * and 5-level paging), 4.9.2 (PAT), 11.12. */

#include "arch/paging.h"

#include "arch/boot.h"
#include "arch/boot_ranges.h"
#include "arch/cpu.h"
#include "arch/cpuid.h"
#include "arch/image.h"
#include "arch/msr.h"
#include "arch/page_source.h"
#include "arch/processor.h"
#include "arch/regs.h"
#include "arch/spinlock.h"
#include "kernel/base/panic.h"
#include "kernel/base/string.h"

#define GIGABYTE (1ULL << 30)

/* Rights and caching of a page, as in the entry of a 4 KiB page. PAT entry 3
 * is uncached by default; Lintel makes entry 4 write-combining. */
#define DATA    (PTE_P | PTE_RW | PTE_XD)
#define CODE    (PTE_P)
#define CONST   (PTE_P | PTE_XD)
#define DEVICE  (DATA | PTE_PWT | PTE_PCD)
#define SCREEN  (DATA | PTE_PAT)
#define RUNTIME (PTE_P | PTE_RW)
#define NOTHING 0ULL

/* Write-back, write-through, UC-, UC; write-combining, write-through, UC-, UC
 * (SDM 3A Table 11-12, lowest byte is entry 0). */
#define PAT_VALUE 0x0007040100070406ULL

static struct {
    const struct boot_info *boot;
    uint64_t *root;
    unsigned levels;  /* 4, or 5 if the firmware had 5 */
    unsigned largest; /* level of the largest page: 3 for 1 GiB, 2 for 2 MiB */
    uint64_t pool;    /* next page of the pool */
    size_t pool_left;
    struct page_source *source;
    bool live;
    struct spinlock lock; /* guards the tables while several processors run */
    uint64_t guards;      /* the number of pages that were ever unmapped */
} paging;

static bool has_gigabyte_pages(void)
{
    return cpu_cpuid(0x80000000, 0).eax >= 0x80000001 &&
           cpu_cpuid(0x80000001, 0).edx & CPUID_80000001_EDX_PAGE1GB;
}

/* Each run of RAM and each runtime or device range needs at most two tables
 * at either end. Without 1 GiB pages each GiB needs one more. */
size_t paging_pool_pages(const struct boot_info *boot)
{
    uint64_t bytes = 4 * GIGABYTE;
    size_t ends = 8;

    for (size_t i = 0; i < boot->range_count; i++) {
        const struct boot_range *range = &boot->ranges[i];
        bool ram = boot_range_is_ram(range);
        bool follows = i > 0 && boot_range_is_ram(range - 1) &&
                       (range - 1)->base + (range - 1)->size == range->base;
        bytes += ram || range->kind == BOOT_MMIO ? range->size : 0;
        if (!ram || !follows || range->kind == BOOT_RUNTIME_CODE ||
            range->kind == BOOT_RUNTIME_DATA) {
            ends++;
        }
    }
    return 32 + 4 * ends + (size_t)(bytes >> 39) +
           (has_gigabyte_pages() ? 0 : (size_t)(bytes / GIGABYTE));
}

/* A zeroed table. 0: there are none left. */
static uint64_t new_table(void)
{
    uint64_t table = 0;

    if (paging.pool_left) {
        table = paging.pool;
        paging.pool += PAGE_SIZE;
        paging.pool_left--;
        memset((void *)(uintptr_t)table, 0, PAGE_SIZE);
    } else if (paging.source) {
        table = (uint64_t)(uintptr_t)paging.source->alloc(paging.source);
    }
    return table;
}

static unsigned level_shift(unsigned level)
{
    return 12 + 9 * (level - 1);
}

/* The entry of a page at `level`; the attributes are those of a 4 KiB page. */
static uint64_t leaf(uint64_t address, uint64_t attributes, unsigned level)
{
    if (!attributes || level == 1) {
        return attributes ? address | attributes : 0;
    }
    if (attributes & PTE_PAT) {
        attributes = (attributes & ~PTE_PAT) | PTE_PAT_LARGE;
    }
    return address | attributes | PTE_PS;
}

/* The table under `entry`. If the entry is a large page, makes a table of
 * 512 pages that map the same. NULL: there is no page for the table. */
static uint64_t *table_below(uint64_t *entry, unsigned level)
{
    uint64_t old = *entry;
    uint64_t attributes, address, size;
    uint64_t *table;

    if (old & PTE_P && !(old & PTE_PS)) {
        return (uint64_t *)(uintptr_t)(old & PTE_ADDRESS);
    }
    table = (uint64_t *)(uintptr_t)new_table();
    if (!table) {
        return NULL;
    }
    if (old & PTE_P) {
        attributes = old & (PTE_P | PTE_RW | PTE_PWT | PTE_PCD | PTE_XD);
        attributes |= old & PTE_PAT_LARGE ? PTE_PAT : 0;
        address = old & PTE_ADDRESS & ~PTE_PAT_LARGE;
        size = 1ULL << level_shift(level - 1);
        for (unsigned i = 0; i < 512; i++) {
            table[i] = leaf(address + i * size, attributes, level - 1);
        }
    }
    *entry = (uint64_t)(uintptr_t)table | PTE_P | PTE_RW;
    return table;
}

/* Maps one page at `base`, the largest that fits before `end`. A page that
 * was split stays split. Returns its size; 0: there is no page for a table. */
static uint64_t set_page(uint64_t base, uint64_t end, uint64_t attributes)
{
    uint64_t *table = paging.root;

    for (unsigned level = paging.levels;; level--) {
        uint64_t size = 1ULL << level_shift(level);
        uint64_t *entry = &table[base >> level_shift(level) & 511];
        bool split = *entry & PTE_P && !(*entry & PTE_PS);
        bool fits = level <= paging.largest && !split && base % size == 0 &&
                    end - base >= size;
        if (level == 1 || fits) {
            *entry = leaf(base, attributes, level);
            return size;
        }
        table = table_below(entry, level);
        if (!table) {
            return 0;
        }
    }
}

static bool set_range(uint64_t base, uint64_t size, uint64_t attributes)
{
    uint64_t end = (base + size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);

    base &= ~(PAGE_SIZE - 1);
    while (base < end) {
        uint64_t done = set_page(base, end, attributes);
        if (!done) {
            return false;
        }
        base += done;
    }
    if (paging.live) {
        cpu_write_cr3(cpu_read_cr3());
    }
    return true;
}

static void must_set(uint64_t base, uint64_t size, uint64_t attributes)
{
    if (size && !set_range(base, size, attributes)) {
        panic("paging: the pool of %zu tables is too small",
              paging.boot->table_pool_pages);
    }
}

static uint64_t at(const uint8_t *symbol)
{
    return (uint64_t)(uintptr_t)symbol;
}

/* Maps RAM. Ranges that touch each other are mapped in one go, so that large
 * pages span them. */
static void map_ram(const struct boot_info *boot)
{
    uint64_t base = 0, size = 0;

    for (size_t i = 0; i < boot->range_count; i++) {
        const struct boot_range *range = &boot->ranges[i];
        if (!boot_range_is_ram(range)) {
            continue;
        }
        if (base + size == range->base) {
            size += range->size;
            continue;
        }
        must_set(base, size, DATA);
        base = range->base;
        size = range->size;
    }
    must_set(base, size, DATA);
}

/* Separates the last pages of the runtime services from their neighbours'
 * large pages, so that paging_open_runtime() needs no table. */
static void split_runtime(const struct boot_info *boot)
{
    for (size_t i = 0; i < boot->range_count; i++) {
        const struct boot_range *range = &boot->ranges[i];
        uint64_t end = range->base + range->size;
        if (range->kind != BOOT_RUNTIME_CODE &&
            range->kind != BOOT_RUNTIME_DATA) {
            continue;
        }
        must_set(range->base, PAGE_SIZE, CONST);
        must_set(end - PAGE_SIZE, PAGE_SIZE, CONST);
        must_set(range->base, range->size, CONST);
    }
}

static void map_devices(const struct boot_info *boot)
{
    for (size_t i = 0; i < boot->range_count; i++) {
        const struct boot_range *range = &boot->ranges[i];
        if (range->kind == BOOT_MMIO) {
            must_set(range->base, range->size, DEVICE);
        }
    }
    must_set(boot->framebuffer.base, boot->framebuffer.size, SCREEN);
}

static void map_image(void)
{
    must_set(at(image_start), at(image_end) - at(image_start), DATA);
    must_set(at(image_start), at(image_text_start) - at(image_start), CONST);
    must_set(at(image_text_start), at(image_text_end) - at(image_text_start),
             CODE);
    must_set(at(image_constants_start),
             at(image_constants_end) - at(image_constants_start), CONST);
}

/* The firmware may have turned NX off; processor_setup_first() and the
 * trampoline have undone that where it can be. */
static void need_nx(void)
{
    if (!(cpu_cpuid(0x80000001, 0).edx & CPUID_80000001_EDX_NX)) {
        panic("this processor cannot keep data from being executed (no NX)");
    }
}

void paging_enable_here(void)
{
    struct cpuid features = {0};
    uint64_t cr4 = cpu_read_cr4() & CR4_LA57;

    if (cpu_cpuid(0, 0).eax >= 7) {
        features = cpu_cpuid(7, 0);
    }
    cr4 |= CR4_PAE | CR4_DE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT;
    cr4 |= features.ebx & CPUID_7_EBX_SMEP ? CR4_SMEP : 0;
    cr4 |= features.ebx & CPUID_7_EBX_SMAP ? CR4_SMAP : 0;
    cr4 |= features.ecx & CPUID_7_ECX_UMIP ? CR4_UMIP : 0;
    /* CR4.OSXSAVE stays: arch/vmx/ uses XCR0. */
    cr4 |= cpu_read_cr4() & CR4_OSXSAVE;

    need_nx();
    cpu_wrmsr(MSR_EFER, (cpu_rdmsr(MSR_EFER) & ~EFER_SCE) | EFER_NXE);
    cpu_wrmsr(MSR_PAT, PAT_VALUE);
    /* Clearing CR4.PCIDE flushes everything (SDM 3A 4.10.4.1); CR3 follows
     * at once. */
    cpu_write_cr4(cr4);
    cpu_write_cr3(paging_root());
    cpu_write_cr0(CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE);
    cpu_wbinvd();
}

/* True if no page below `table` is both writable and executable. Counts the
 * executable pages. */
static bool table_valid(const uint64_t *table, unsigned level,
                        uint64_t *executable)
{
    for (unsigned i = 0; i < 512; i++) {
        uint64_t entry = table[i];
        if (!(entry & PTE_P)) {
            continue;
        }
        if (level > 1 && !(entry & PTE_PS)) {
            if (!table_valid((const uint64_t *)(uintptr_t)(entry & PTE_ADDRESS),
                             level - 1, executable)) {
                return false;
            }
        } else if (!(entry & PTE_XD)) {
            *executable += 1ULL << level_shift(level);
            if (entry & PTE_RW) {
                return false;
            }
        }
    }
    return true;
}

/* True if only Lintel's text is executable, and it is not writable. It holds
 * until paging_open_runtime(). */
static bool valid(void)
{
    uint64_t executable = 0;

    return table_valid(paging.root, paging.levels, &executable) &&
           executable == at(image_text_end) - at(image_text_start);
}

void paging_init(const struct boot_info *boot)
{
    paging.boot = boot;
    paging.levels = cpu_read_cr4() & CR4_LA57 ? 5 : 4;
    paging.largest = has_gigabyte_pages() ? 3 : 2;
    paging.pool = boot->table_pool;
    paging.pool_left = boot->table_pool_pages;
    paging.root = (uint64_t *)(uintptr_t)new_table();

    must_set(0, 4 * GIGABYTE, DEVICE);
    map_ram(boot);
    map_devices(boot);
    split_runtime(boot);
    map_image();
    must_set(0, PAGE_SIZE, NOTHING);
    must_set(boot->stack_base, PAGE_SIZE, NOTHING);
    CHECK(valid());
    paging_enable_here();
    paging.live = true;
}

void paging_set_source(struct page_source *source)
{
    paging.source = source;
}

static bool set_range_locked(uint64_t base, uint64_t size, uint64_t attributes)
{
    bool done;

    spinlock_take(&paging.lock);
    done = set_range(base, size, attributes);
    spinlock_give(&paging.lock);
    return done;
}

bool paging_guard(void *page)
{
    CHECK((uintptr_t)page % PAGE_SIZE == 0);
    if (!set_range_locked((uintptr_t)page, PAGE_SIZE, NOTHING)) {
        return false;
    }
    processor_here()->map_seen =
        __atomic_add_fetch(&paging.guards, 1, __ATOMIC_RELEASE);
    return true;
}

/* An entry that was not present is in no processor's cache (SDM 3A
 * 4.10.2.3), so the other processors have nothing to forget. */
bool paging_unguard(void *page)
{
    CHECK((uintptr_t)page % PAGE_SIZE == 0);
    return set_range_locked((uintptr_t)page, PAGE_SIZE, DATA);
}

void paging_catch_up(void)
{
    struct processor *here = processor_here();
    uint64_t guards = __atomic_load_n(&paging.guards, __ATOMIC_ACQUIRE);

    if (here->map_seen != guards) {
        here->map_seen = guards;
        cpu_write_cr3(cpu_read_cr3());
    }
}

void paging_lend_code(uint64_t page, bool code)
{
    spinlock_take(&paging.lock);
    must_set(page, PAGE_SIZE, code ? CODE : DATA);
    spinlock_give(&paging.lock);
}

bool paging_is_mapped(uint64_t address)
{
    unsigned levels = cpu_read_cr4() & CR4_LA57 ? 5 : 4;
    const uint64_t *table =
        (const uint64_t *)(uintptr_t)(cpu_read_cr3() & PTE_ADDRESS);

    if (!canonical(address, level_shift(levels + 1))) {
        return false;
    }
    for (unsigned level = levels;; level--) {
        uint64_t entry = table[address >> level_shift(level) & 511];
        if (!(entry & PTE_P)) {
            return false;
        }
        if (level == 1 || entry & PTE_PS) {
            return true;
        }
        table = (const uint64_t *)(uintptr_t)(entry & PTE_ADDRESS);
    }
}

uint64_t paging_root(void)
{
    return (uint64_t)(uintptr_t)paging.root;
}

void paging_open_runtime(void)
{
    for (size_t i = 0; paging.live && i < paging.boot->range_count; i++) {
        const struct boot_range *range = &paging.boot->ranges[i];
        if (range->kind == BOOT_RUNTIME_CODE ||
            range->kind == BOOT_RUNTIME_DATA) {
            must_set(range->base, range->size, RUNTIME);
        }
    }
}
