"""Each rule of lint finds an offender, and passes what is right. Run by
lint.py, before the rules."""

import os
import subprocess
import tempfile
import unittest

import callers
import mentions
import rooms
import text
import tools
import tree


def found(rule, texts):
    return list(rule(tree.of_texts(texts)))


class Arrows(unittest.TestCase):
    def test_down_and_beside(self):
        self.assertEqual(found(rooms.arrows, {
            "arch/a.c": '#include "kernel/base/log.h"\n#include "arch/b.h"\n',
            "kernel/a.c": '#include "arch/b.h"\n',
            "vmm/vm/a.c": '#include "vmm/chip/pic.h"\n'
                          '#include "arch/vmx/guest.h"\n#include <stdint.h>\n',
            "vmm/a.c": '#include "vmm/vm/vm.h"\n',
        }), [])

    def test_up_by_another_spelling(self):
        for line in ('#include "../vm/vm.h"', '#include <vmm/vm/vm.h>',
                     '#include /* a */ "vmm/vm/vm.h"',
                     '#include "./../../vmm/vm/vm.h"',
                     '/* a */ # include"vmm/vm/vm.h" // b'):
            with self.subTest(line=line):
                self.assertEqual(
                    found(rooms.arrows, {"vmm/chip/a.c": f"\n{line}\n",
                                         "vmm/vm/vm.h": ""}),
                    ["vmm/chip/a.c:2 includes vmm/vm/vm.h"])

    def test_up(self):
        for name, header in (
                ("arch/a.c", "kernel/page.h"),
                ("arch/a.c", "arch/vmx/vmx.h"),
                ("arch/vmx/a.c", "arch/efi/efi.h"),
                ("kernel/base/log.c", "kernel/serial.h"),
                ("kernel/a.c", "vmm/run.h"),
                ("virtio/a.c", "kernel/base/string.h"),
                ("vmm/chip/a.c", "vmm/cpu/msr.h"),
                ("vmm/chip/a.c", "vmm/vm/vm.h"),
                ("vmm/boot/a.c", "vmm/firmware/acpi_tables.h"),
                ("vmm/memory/a.c", "vmm/config/config.h"),
                ("vmm/vm/a.c", "vmm/debug/monitor.h"),
                ("vmm/vm/a.c", "vmm/run.h")):
            with self.subTest(name, header=header):
                self.assertEqual(
                    found(rooms.arrows, {name: f'#include "{header}"\n'}),
                    [f"{name}:1 includes {header}"])

    def test_doors(self):
        header = "arch/vmx/vmx_fields.h"
        self.assertEqual(
            found(rooms.arrows, {"vmm/vm/a.c": f'#include "{header}"\n',
                                 "arch/vmx/a.c": f'#include "{header}"\n'}),
            [f"vmm/vm/a.c:1 includes {header}, which is arch/vmx's"])

    def test_a_new_room_is_named(self):
        self.assertEqual(
            found(rooms.arrows, {"vmm/new/a.c": ""}),
            ["vmm/new/a.c: vmm/new is no room that rooms.py knows"])


class Callers(unittest.TestCase):
    HEADER = "/* A.\n *\n * Who calls it: {}. */\n\nvoid a_run(int x);\n"

    def check(self, who, caller="kernel/b.c",
              code='#include "kernel/a.h"\nvoid b(void) { a_run(1); }\n'):
        return found(callers.callers, {"kernel/a.h": self.HEADER.format(who),
                                       caller: code})

    def test_true_claims(self):
        for who in ("kernel/b.c", "b.c for this, and the others", "b*.c",
                    "the tasks"):
            self.assertEqual(self.check(who), [])

    def test_absent(self):
        self.assertEqual(self.check("kernel/c.c"), [
            "kernel/a.h: kernel/c.c, who is said to call it, is not there"])

    def test_does_not_call(self):
        no = ["kernel/a.h: kernel/b.c does not call it"]
        self.assertEqual(self.check("b.c", code="void b(void);\n"), no)
        # The name alone, as of another function that is called so.
        self.assertEqual(self.check("b.c", code="a_run(1);\n"), no)
        # Only in a comment.
        self.assertEqual(
            self.check("b.c", code='#include "kernel/a.h"\n/* a_run */\n'), no)

    def test_through_another_header(self):
        self.assertEqual(found(callers.callers, {
            "kernel/a.h": self.HEADER.format("kernel/b.c"),
            "kernel/mid.h": '#include "kernel/a.h"\n',
            "kernel/b.c": '#include "kernel/mid.h"\na_run(1);\n'}), [])

    def test_sources(self):
        texts = {
            "vmm/a.c": "/* Called by vmm/b.c; vmm/d.c has the rest. */\n"
                       "static void inner(void)\n{\n}\nint a_do(void)\n{\n}\n",
            "vmm/b.c": "void b(void)\n{\n    a_do();\n}\n",
            "vmm/d.c": ""}
        self.assertEqual(found(callers.callers, texts), [])
        texts["vmm/b.c"] = "void b(void)\n{\n    inner();\n}\n"
        self.assertEqual(found(callers.callers, texts),
                         ["vmm/a.c: vmm/b.c does not call it"])


class Mentions(unittest.TestCase):
    def check(self, comment, name="vmm/a.c"):
        return found(mentions.mentions, {name: comment, "vmm/cpu/msr.c": "",
                                         "README.md": ""})

    def test_there(self):
        for words in ("vmm/cpu/msr.c", "msr.c", "vmm/cpu/", "vmm/cpu/msr",
                      "README.md", "vmm/cpu/*.c", "x/y.cfg", "a.b.c.d",
                      "build/vmm/x.h", "ROOM/objects.mk", "<stdio.h>"):
            with self.subTest(words):
                self.assertEqual(self.check(f"/* See {words}. */"), [])
        self.assertEqual(self.check('#include "vmm/none.h"\n'), [])

    def test_not_there(self):
        for words in ("vmm/msr.c", "none.h", "vmm/none/", "DESIGN", "DESIGN.md",
                      "test/none.py", "vmm/*.asm"):
            with self.subTest(words):
                offenders = self.check(f"/* One.\n * See {words}. */")
                self.assertIn(f"vmm/a.c:1 names {words.rstrip('/')}", offenders)

    def test_links_of_a_readme(self):
        for words in ("../README.md", "cpu/msr.c"):
            self.assertEqual(self.check(words, "vmm/README.md"), [])
            self.assertEqual(self.check(f"/* {words} */"),
                             [f"vmm/a.c:1 names {words}"])
        self.assertEqual(self.check("../none.md", "vmm/README.md"),
                         ["vmm/README.md:1 names ../none.md"])

    def test_every_kind_of_file(self):
        for name, words in (("a.asm", "; none.c\n"), ("a.mk", "# none.c\n"),
                            ("a.py", '"""none.c"""\n'),
                            ("a.py", "x = 1  # none.c\n"),
                            ("a.sh", "# none.c\n"), ("a.md", "none.c\n")):
            with self.subTest(name, words=words):
                self.assertEqual(self.check(words, name),
                                 [f"{name}:1 names none.c"])
        self.assertEqual(self.check('x = "none.c"\n', "a.py"), [])


class Text(unittest.TestCase):
    def test_width(self):
        self.assertEqual(found(text.width, {"a.c": "x" * 80, "b.c": "x" * 81}),
                         ["b.c:1 has 81 columns"])

    def test_leftovers(self):
        self.assertEqual(found(text.leftovers, {"a.c": "\n/* TODO: all */"}),
                         ["a.c:2"])

    def test_once(self):
        self.assertEqual(found(text.once, {"vmm/a.h": "", "test/a.h": "",
                                           "vmm/b.h": "#pragma once\n"}),
                         ["vmm/a.h: no #pragma once"])

    def test_facts(self):
        self.assertEqual(found(text.facts, {
            "arch/regs.h": "#define CR0_PE 1\nenum {\n    VECTOR_GP = 13,\n"
                           "};\n",
            "vmm/a.c": "#define CR0_PE 1ULL\n#define OTHER 1\n",
            "test/b.c": "enum {\n    VECTOR_GP = 13\n};\n"
                        "int x = VECTOR_GP;\n",
        }), ["test/b.c:2 defines VECTOR_GP of arch/regs.h",
             "vmm/a.c:1 defines CR0_PE of arch/regs.h"])

    def test_inlines(self):
        self.assertEqual(found(text.inlines, {
            "arch/a.h": "static inline int a(void)\n{\n}\n"
                        "static inline int b(void)\n{\n}\n",
            "arch/a.c": "int x(void)\n{\n    return a();\n}\n/* b() */\n",
        }), ["arch/a.h: nothing uses b"])

    def test_long_files(self):
        self.assertEqual(found(text.long_files, {"a.c": "\n" * 501,
                                                 "b.c": "\n" * 500}),
                         ["a.c has 501 lines"])


class Tools(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)

    def write(self, name, words):
        os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
        with open(name, "w", encoding="utf-8") as file:
            file.write(words)

    def test_headers(self):
        self.write("vmm/good.h", "int good(void);\n")
        self.write("vmm/bad.h", "uint8_t bad(void);\n")
        offenders = list(tools.headers(tree.of_texts(
            {"vmm/good.h": "", "vmm/bad.h": ""})))
        self.assertEqual(len(offenders), 1)
        self.assertTrue(offenders[0].startswith("vmm/bad.h: "))

    def test_layout(self):
        self.write("good.c", "int good;\n")
        self.write("bad.c", "int   bad;\n")
        self.assertEqual(list(tools.layout(tree.of_texts(
            {"good.c": "", "bad.c": ""}))), ["bad.c:1"])

    def test_symbols(self):
        self.write("a.c", "int other(void); int all(void);\n"
                          "static int own(void) { return other(); }\n"
                          "int all(void) { return own(); }\n")
        subprocess.run(["gcc", "-c", "a.c"], check=True)
        self.assertEqual(tools.symbols("a.o"), ({"all"}, {"other"}))

    def test_world(self):
        objects = {"virtio/a.o": ({"a"}, {"b", "env_x", "memcpy", "panic"}),
                   "virtio/b.o": ({"b"}, {"a"}),
                   "kernel/c.o": ({"panic"}, {"d"})}
        self.assertEqual(tools.asked(objects, {"env_x"}), ["panic"])

    def test_exports(self):
        objects = {"a.o": ({"used", "lonely", "a_valid", "b_valid",
                            "pic_output", "efi_main"}, set()),
                   "b.o": (set(), {"used"})}
        self.assertEqual(
            list(tools.uncalled(objects, {"lonely", "a_valid", "pic_output"})),
            [("a.o", "b_valid"), ("a.o", "lonely")])
