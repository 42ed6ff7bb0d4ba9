/* The machine's PCI devices, as the firmware leaves them. (Guests see no PCI.)
 *
 * Who calls it: vmm/main.c. */
#pragma once

/* Stops the DMA of every function but displays and bridges: UEFI's drivers have
 * left network cards and USB controllers running, which go on writing to memory
 * that is now Lintel's and its guests'. Drivers of Lintel's own turn theirs on
 * again. Called after efi_exit(), before free memory is given out. Returns how
 * many were running. */
unsigned pci_host_stop_dma(void);
