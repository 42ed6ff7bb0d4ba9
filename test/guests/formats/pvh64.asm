; PVH, an ELF64 file.
%define NAME "pvh64"
%define ELF 64
%include "pvh.inc"
