objects += $(addprefix vmm/report/, \
    json.o \
    place_text.o \
    report_json.o \
    report_words.o \
    symbols.o \
    symbols_elf.o \
    symbols_text.o \
    )
