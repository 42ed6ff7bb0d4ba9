/* The constants that gdt_load.asm, isr.asm and processor_trampoline.asm share
 * with C. Not part of the image; see the header. */
#include "arch/asm_constants.h"

#include "arch/gdt.h"
#include "arch/msr.h"
#include "arch/regs.h"

void asm_constants(void);
void asm_constants(void)
{
    ASM_CONSTANT(GDT_CODE, GDT_CODE);
    ASM_CONSTANT(GDT_DATA, GDT_DATA);
    ASM_CONSTANT(GDT_TSS, GDT_TSS);
    ASM_CONSTANT(CR0_PE, CR0_PE);
    ASM_CONSTANT(CR0_NW, CR0_NW);
    ASM_CONSTANT(CR0_CD, CR0_CD);
    ASM_CONSTANT(CR0_PG, CR0_PG);
    ASM_CONSTANT(MSR_EFER, MSR_EFER);
    ASM_CONSTANT(MSR_MISC_ENABLE, MSR_MISC_ENABLE);
    ASM_CONSTANT(EFER_LME, EFER_LME);
    ASM_CONSTANT(EFER_NXE, EFER_NXE);
    ASM_CONSTANT(VECTORS_WITH_ERROR_CODE, VECTORS_WITH_ERROR_CODE);
    ASM_CONSTANT(DESCRIPTOR_CODE_32, DESCRIPTOR_CODE_32);
    ASM_CONSTANT(DESCRIPTOR_CODE_64, DESCRIPTOR_CODE_64);
    ASM_CONSTANT(DESCRIPTOR_DATA, DESCRIPTOR_DATA);
}
