/* The VMCS fields that Lintel uses (SDM 3D Appendix B) as one list, which gives
 * the enum and the names in dumps. Bits 14:13 of an encoding are the field's
 * width: 0 is 16 bits, 1 is 64, 2 is 32, 3 is natural.
 *
 * Who includes it: the files of arch/vmx/, and no file of vmm/. */
#pragma once

#include <stdint.h>

#define VMCS_FIELDS(X)                                                         \
    X(0x0000, VPID)                                                            \
    X(0x0002, POSTED_VECTOR)                                                   \
    X(0x0800, GUEST_ES_SELECTOR)                                               \
    X(0x0802, GUEST_CS_SELECTOR)                                               \
    X(0x0804, GUEST_SS_SELECTOR)                                               \
    X(0x0806, GUEST_DS_SELECTOR)                                               \
    X(0x0808, GUEST_FS_SELECTOR)                                               \
    X(0x080a, GUEST_GS_SELECTOR)                                               \
    X(0x080c, GUEST_LDTR_SELECTOR)                                             \
    X(0x080e, GUEST_TR_SELECTOR)                                               \
    X(0x0810, GUEST_INTERRUPT_STATUS)                                          \
    X(0x0c00, HOST_ES_SELECTOR)                                                \
    X(0x0c02, HOST_CS_SELECTOR)                                                \
    X(0x0c04, HOST_SS_SELECTOR)                                                \
    X(0x0c06, HOST_DS_SELECTOR)                                                \
    X(0x0c08, HOST_FS_SELECTOR)                                                \
    X(0x0c0a, HOST_GS_SELECTOR)                                                \
    X(0x0c0c, HOST_TR_SELECTOR)                                                \
    X(0x2004, MSR_BITMAP)                                                      \
    X(0x2010, TSC_OFFSET)                                                      \
    X(0x2012, VIRTUAL_APIC_ADDRESS)                                            \
    X(0x2014, APIC_ACCESS_ADDRESS)                                             \
    X(0x2016, POSTED_DESCRIPTOR)                                               \
    X(0x201a, EPT_POINTER)                                                     \
    X(0x201c, EOI_EXIT0)                                                       \
    X(0x201e, EOI_EXIT1)                                                       \
    X(0x2020, EOI_EXIT2)                                                       \
    X(0x2022, EOI_EXIT3)                                                       \
    X(0x202c, XSS_EXITING_BITMAP)                                              \
    X(0x2400, GUEST_PHYSICAL_ADDRESS)                                          \
    X(0x2800, LINK_POINTER)                                                    \
    X(0x2802, GUEST_DEBUGCTL)                                                  \
    X(0x2804, GUEST_PAT)                                                       \
    X(0x2806, GUEST_EFER)                                                      \
    X(0x280a, GUEST_PDPTE0)                                                    \
    X(0x280c, GUEST_PDPTE1)                                                    \
    X(0x280e, GUEST_PDPTE2)                                                    \
    X(0x2810, GUEST_PDPTE3)                                                    \
    X(0x2c00, HOST_PAT)                                                        \
    X(0x2c02, HOST_EFER)                                                       \
    X(0x4000, PIN_CONTROLS)                                                    \
    X(0x4002, PRIMARY_CONTROLS)                                                \
    X(0x4004, EXCEPTION_BITMAP)                                                \
    X(0x4006, PAGE_FAULT_MASK)                                                 \
    X(0x4008, PAGE_FAULT_MATCH)                                                \
    X(0x400a, CR3_TARGET_COUNT)                                                \
    X(0x400c, EXIT_CONTROLS)                                                   \
    X(0x400e, EXIT_MSR_STORE_COUNT)                                            \
    X(0x4010, EXIT_MSR_LOAD_COUNT)                                             \
    X(0x4012, ENTRY_CONTROLS)                                                  \
    X(0x4014, ENTRY_MSR_LOAD_COUNT)                                            \
    X(0x4016, ENTRY_INTERRUPTION)                                              \
    X(0x4018, ENTRY_ERROR_CODE)                                                \
    X(0x401a, ENTRY_INSTRUCTION_LENGTH)                                        \
    X(0x401c, TPR_THRESHOLD)                                                   \
    X(0x401e, SECONDARY_CONTROLS)                                              \
    X(0x4020, PLE_GAP)                                                         \
    X(0x4022, PLE_WINDOW)                                                      \
    X(0x4400, INSTRUCTION_ERROR)                                               \
    X(0x4402, EXIT_REASON)                                                     \
    X(0x4404, EXIT_INTERRUPTION)                                               \
    X(0x4406, EXIT_ERROR_CODE)                                                 \
    X(0x4408, IDT_VECTORING)                                                   \
    X(0x440a, IDT_VECTORING_ERROR_CODE)                                        \
    X(0x440c, EXIT_INSTRUCTION_LENGTH)                                         \
    X(0x4800, GUEST_ES_LIMIT)                                                  \
    X(0x4802, GUEST_CS_LIMIT)                                                  \
    X(0x4804, GUEST_SS_LIMIT)                                                  \
    X(0x4806, GUEST_DS_LIMIT)                                                  \
    X(0x4808, GUEST_FS_LIMIT)                                                  \
    X(0x480a, GUEST_GS_LIMIT)                                                  \
    X(0x480c, GUEST_LDTR_LIMIT)                                                \
    X(0x480e, GUEST_TR_LIMIT)                                                  \
    X(0x4810, GUEST_GDTR_LIMIT)                                                \
    X(0x4812, GUEST_IDTR_LIMIT)                                                \
    X(0x4814, GUEST_ES_RIGHTS)                                                 \
    X(0x4816, GUEST_CS_RIGHTS)                                                 \
    X(0x4818, GUEST_SS_RIGHTS)                                                 \
    X(0x481a, GUEST_DS_RIGHTS)                                                 \
    X(0x481c, GUEST_FS_RIGHTS)                                                 \
    X(0x481e, GUEST_GS_RIGHTS)                                                 \
    X(0x4820, GUEST_LDTR_RIGHTS)                                               \
    X(0x4822, GUEST_TR_RIGHTS)                                                 \
    X(0x4824, GUEST_INTERRUPTIBILITY)                                          \
    X(0x4826, GUEST_ACTIVITY)                                                  \
    X(0x482a, GUEST_SYSENTER_CS)                                               \
    X(0x482e, PREEMPTION_TIMER)                                                \
    X(0x4c00, HOST_SYSENTER_CS)                                                \
    X(0x6000, CR0_MASK)                                                        \
    X(0x6002, CR4_MASK)                                                        \
    X(0x6004, CR0_SHADOW)                                                      \
    X(0x6006, CR4_SHADOW)                                                      \
    X(0x6400, EXIT_QUALIFICATION)                                              \
    X(0x640a, GUEST_LINEAR_ADDRESS)                                            \
    X(0x6800, GUEST_CR0)                                                       \
    X(0x6802, GUEST_CR3)                                                       \
    X(0x6804, GUEST_CR4)                                                       \
    X(0x6806, GUEST_ES_BASE)                                                   \
    X(0x6808, GUEST_CS_BASE)                                                   \
    X(0x680a, GUEST_SS_BASE)                                                   \
    X(0x680c, GUEST_DS_BASE)                                                   \
    X(0x680e, GUEST_FS_BASE)                                                   \
    X(0x6810, GUEST_GS_BASE)                                                   \
    X(0x6812, GUEST_LDTR_BASE)                                                 \
    X(0x6814, GUEST_TR_BASE)                                                   \
    X(0x6816, GUEST_GDTR_BASE)                                                 \
    X(0x6818, GUEST_IDTR_BASE)                                                 \
    X(0x681a, GUEST_DR7)                                                       \
    X(0x681c, GUEST_RSP)                                                       \
    X(0x681e, GUEST_RIP)                                                       \
    X(0x6820, GUEST_RFLAGS)                                                    \
    X(0x6822, GUEST_PENDING_DEBUG)                                             \
    X(0x6824, GUEST_SYSENTER_ESP)                                              \
    X(0x6826, GUEST_SYSENTER_EIP)                                              \
    X(0x6c00, HOST_CR0)                                                        \
    X(0x6c02, HOST_CR3)                                                        \
    X(0x6c04, HOST_CR4)                                                        \
    X(0x6c06, HOST_FS_BASE)                                                    \
    X(0x6c08, HOST_GS_BASE)                                                    \
    X(0x6c0a, HOST_TR_BASE)                                                    \
    X(0x6c0c, HOST_GDTR_BASE)                                                  \
    X(0x6c0e, HOST_IDTR_BASE)                                                  \
    X(0x6c10, HOST_SYSENTER_ESP)                                               \
    X(0x6c12, HOST_SYSENTER_EIP)                                               \
    X(0x6c14, HOST_RSP)                                                        \
    X(0x6c16, HOST_RIP)

enum vmcs_field {
#define VMCS_ENUM(encoding, name) VMCS_##name = encoding,
    VMCS_FIELDS(VMCS_ENUM)
#undef VMCS_ENUM
};
