#!/usr/bin/python3
"""firmware.py SOURCE TARGET: Debian's OVMF without the drivers that no machine
in Bochs has a use for. OVMF unpacks all of its drivers by LZMA before it does
anything else, which is half of what Bochs executes until Lintel begins. Each
driver that goes becomes padding, and the volume ends after the last one that
stays. Everything else is OVMF's own, byte for byte. Called by run.mk.

Structures: UEFI Platform Initialization 1.7 volume 3: firmware volume 3.2.1,
file 3.2.3, section 3.2.4."""

import lzma
import os
import struct
import sys

# Names in the files' user-interface sections.
UNUSED = set("""
    Shell tftpDynamicCommand httpDynamicCommand LinuxInitrdDynamicShellCommand
    SnpDxe MnpDxe ArpDxe DpcDxe VlanConfigDxe Ip4Dxe Ip6Dxe Udp4Dxe Udp6Dxe
    TcpDxe Dhcp4Dxe Dhcp6Dxe Mtftp4Dxe Mtftp6Dxe DnsDxe UefiPxeBcDxe
    HttpDxe HttpBootDxe HttpUtilitiesDxe TlsDxe TlsAuthConfigDxe IScsiDxe
    VirtioNetDxe VirtioScsiDxe VirtioFsDxe VirtioGpuDxe VirtioBlkDxe
    VirtioRngDxe Virtio10 VirtioPciDeviceDxe ScsiBus ScsiDisk NvmExpressDxe
    UhciDxe EhciDxe XhciDxe UsbBusDxe UsbKbDxe UsbMassStorageDxe
    TcgDxe Tcg2Dxe Tcg2ConfigDxe Tcg2PlatformDxe SecureBootConfigDxe
    UiApp SetupBrowser DisplayEngine DriverHealthManagerDxe LogoDxe
    RamDiskDxe UdfDxe EbcDxe QemuRamfbDxe QemuKernelLoaderFsDxe
    PciHotPlugInitDxe S3SaveStateDxe BootScriptExecutorDxe
    """.split())

LZMA_GUID = bytes.fromhex("98584eee14395942 9d6edc7bd79403cf")
FILE_VOLUME, FILE_PAD = 0x0b, 0xf0
FILE_LARGE = 1
SECTION_GUIDED, SECTION_NAME, SECTION_VOLUME = 0x02, 0x15, 0x17
ERASED = b"\xff"
FILE_HEADER = 24


class Unknown(Exception):
    """The firmware is not built as this program knows it; says where."""


def unsigned24(data, at):
    return int.from_bytes(data[at:at + 3], "little")


def volumes(data):
    """Offsets of the firmware volumes in `data`."""
    at = data.find(b"_FVH")
    while at >= 0:
        start = at - 40
        yield start
        length, = struct.unpack_from("<Q", data, start + 32)
        at = data.find(b"_FVH", max(start + length, at + 4))


def files(volume):
    """(offset, header's size, size, type) of a volume's files."""
    at, = struct.unpack_from("<H", volume, 48)
    while at + FILE_HEADER <= len(volume):
        header = volume[at:at + FILE_HEADER]
        if header == ERASED * FILE_HEADER:
            return
        size, start = unsigned24(header, 20), FILE_HEADER
        if header[19] & FILE_LARGE:
            (size,), start = struct.unpack_from("<Q", volume, at + 24), 32
        if size < start or at + size > len(volume):
            raise Unknown(f"a file at {at:#x} of a volume has {size} bytes")
        yield at, start, size, header[18]
        at = at + size + 7 & ~7


def sections(data):
    """(offset, header's size, size, type) of the sections of a file."""
    at = 0
    while at + 4 <= len(data):
        size, start = unsigned24(data, at), 4
        if size == 0xffffff:
            (size,), start = struct.unpack_from("<I", data, at + 4), 8
        if size < start or at + size > len(data):
            raise Unknown(f"a section at {at:#x} of a file has {size} bytes")
        yield at, start, size, data[at + 3]
        at = at + size + 3 & ~3


def name_of(body):
    """What a file calls itself, or nothing."""
    for at, start, size, kind in sections(body):
        if kind == SECTION_NAME:
            return body[at + start:at + size].decode("utf-16le").rstrip("\0")
    return ""


def padding(size, state):
    """A pad file of `size` bytes with the erased bits in `state`."""
    header = bytearray(ERASED * 16 + bytes([0, 0xaa, FILE_PAD, 0])
                       + size.to_bytes(3, "little") + bytes([state]))
    # The sum leaves out the file's own checksum and the state.
    header[16] = -(sum(header) - header[17] - header[23]) & 0xff
    return bytes(header) + ERASED * (size - FILE_HEADER)


def without_unused(volume):
    """The volume with padding in the place of each driver of UNUSED, and cut
    behind its last file."""
    kept = bytearray(volume)
    for at, start, size, kind in list(files(volume)):
        if kind != FILE_PAD and name_of(volume[at + start:at + size]) in UNUSED:
            if start != FILE_HEADER:
                raise Unknown(f"the driver at {at:#x} is larger than 16 MiB")
            kept[at:at + size] = padding(size, volume[at + 23])
    header, = struct.unpack_from("<H", volume, 48)
    _, block = struct.unpack_from("<II", volume, 56)
    used = len(bytes(kept).rstrip(ERASED))
    blocks = -(-used // block)
    struct.pack_into("<Q", kept, 32, blocks * block)
    struct.pack_into("<I", kept, 56, blocks)
    struct.pack_into("<H", kept, 50, 0)
    words = struct.unpack_from(f"<{header // 2}H", kept)
    struct.pack_into("<H", kept, 50, -sum(words) & 0xffff)
    return bytes(kept[:blocks * block])


def smaller(unpacked):
    """What the packed section holds, with its largest volume made smaller. It
    is the last section, so that nothing behind it moves."""
    at, start, size, kind = list(sections(unpacked))[-1]
    if kind != SECTION_VOLUME:
        raise Unknown("what is packed does not end with a volume")
    volume = without_unused(unpacked[at + start:at + size])
    length = start + len(volume)
    head = struct.pack("<I", length | kind << 24)
    if start == 8:
        head = struct.pack("<II", 0xffffff | kind << 24, length)
    return unpacked[:at] + head + volume


def pack(data):
    """LZMA with the size in its header, as the firmware's decoder wants it."""
    packed = lzma.compress(data, lzma.FORMAT_ALONE, filters=[
        {"id": lzma.FILTER_LZMA1, "dict_size": 1 << 24, "preset": 9}])
    return packed[:5] + struct.pack("<Q", len(data)) + packed[13:]


def packed_sections(firmware):
    """(offset, size) of what each LZMA section in a file of a volume holds."""
    for base in volumes(firmware):
        length, = struct.unpack_from("<Q", firmware, base + 32)
        volume = firmware[base:base + length]
        for at, start, size, kind in files(volume):
            if kind != FILE_VOLUME:
                continue
            body = volume[at + start:at + size]
            for offset, head, extent, sort in sections(body):
                guid = body[offset + head:offset + head + 16]
                if sort == SECTION_GUIDED and guid == LZMA_GUID:
                    data, = struct.unpack_from("<H", body, offset + head + 16)
                    yield base + at + start + offset + data, extent - data


def slim(firmware):
    """The firmware without the drivers of UNUSED; as large as it was."""
    found = list(packed_sections(firmware))
    if len(found) != 1:
        raise Unknown(f"{len(found)} packed sections, not one")
    at, size = found[0]
    unpacker = lzma.LZMADecompressor(lzma.FORMAT_ALONE)
    packed = pack(smaller(unpacker.decompress(firmware[at:at + size])))
    if len(packed) > size:
        raise Unknown("it would be larger than before")
    return (firmware[:at] + packed + bytes(size - len(packed))
            + firmware[at + size:])


def main(source, target):
    with open(source, "rb") as file:
        firmware = file.read()
    try:
        firmware = slim(firmware)
    except (Unknown, struct.error, lzma.LZMAError) as error:
        print(f"{source}: {error}. It is used as it is: "
              "each run in Bochs begins some seconds later.")
    with open(target + ".new", "wb") as file:
        file.write(firmware)
    os.replace(target + ".new", target)


if __name__ == "__main__":
    main(*sys.argv[1:])
