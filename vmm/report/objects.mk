objects += $(addprefix vmm/report/, \
    code_place.o \
    json.o \
    report_json.o \
    report_words.o \
    symbols.o \
    symbols_elf.o \
    symbols_text.o \
    )
