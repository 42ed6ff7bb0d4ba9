/* arch/cpu.h for the test of arch/vmx/guest_switch.c (-iquote
 * test/unit/support/fake_switch): the registers that move with a guest are the
 * test's.
 */
#pragma once

#include "../../../../arch/cpu.h"

void fake_write(const char *name, uint64_t value);
uint64_t fake_read(const char *name);

#define cpu_read_dr0()           fake_read("dr0")
#define cpu_read_dr1()           fake_read("dr1")
#define cpu_read_dr2()           fake_read("dr2")
#define cpu_read_dr3()           fake_read("dr3")
#define cpu_read_dr6()           fake_read("dr6")
#define cpu_write_dr0(value)     fake_write("dr0", value)
#define cpu_write_dr1(value)     fake_write("dr1", value)
#define cpu_write_dr2(value)     fake_write("dr2", value)
#define cpu_write_dr3(value)     fake_write("dr3", value)
#define cpu_write_dr6(value)     fake_write("dr6", value)
#define cpu_write_dr7(value)     fake_write("dr7", value)
#define cpu_xsetbv(index, value) fake_write("xcr0", value)
#define cpu_wrmsr(msr, value)    fake_write(#msr, value)
