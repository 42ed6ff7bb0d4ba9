/* Reports of clauses, for people and for programs, and the summary at a VM's
 * end. Called by vmm/vm/virtio_env.c, vmm/vm/vm_device.c and vmm/run.c. */
#pragma once

#include <stdint.h>

struct vm_device;
struct virtio_report;
struct vm;

/* Logs one report: text, then one line of JSON. Counts the reports that fail
 * the run. */
void vm_report_clause(struct vm_device *host,
                      const struct virtio_report *report);

/* Waits as a task while the machine has logged more than its budget, or its
 * reports might not fit into the log's port (kernel/log_pace.h), so that the
 * guest waits for its reports and no other machine does. Called after reports,
 * by tasks of the machine, where they may wait. */
void vm_report_pace(struct vm *vm);

/* The driver notifies a queue by the access that is being answered: keeps
 * its place, since the breach may be found in the ring later. */
void vm_report_notification(struct vm_device *host, uint64_t value);

/* Logs which clauses the VM's drivers broke, and how many they exercised. Waits
 * for room in the log's port, so nothing of it is dropped. */
void vm_report_summary(struct vm *vm);
