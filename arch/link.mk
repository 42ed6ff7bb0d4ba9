# How the UEFI image is linked: PE from the ELF that gnu-efi's crt0 starts.
