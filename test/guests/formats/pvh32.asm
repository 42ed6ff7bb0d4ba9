; PVH, an ELF32 file.
%define NAME "pvh32"
%define ELF 32
%include "pvh.inc"
