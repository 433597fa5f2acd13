# SPDX-License-Identifier: MIT
# Builds, tests and installs pinshim. `make help' lists what can be asked for.

VERSION = 0.1.0
PREFIX ?= /usr/local
BINDIR = $(PREFIX)/bin
LIBDIR = $(PREFIX)/lib
MANDIR = $(PREFIX)/share/man
DOCDIR = $(PREFIX)/share/doc/pinshim
COMPLETIONDIR = $(PREFIX)/share/bash-completion/completions

CC ?= cc
CFLAGS ?= -O2 -g
BUILD ?= build
# For the tests: what -fsanitize= gets, such as address,undefined.
SANITIZE ?=
# `no' leaves out what reaches programs by dlsym(3) and dlopen(3).
DLSYM ?= yes
# A folder of scripts/roots.sh to build against and run in, instead of this machine's own libraries.
SYSROOT ?=

WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes
DEFINES = -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DPINSHIM_VERSION='"$(VERSION)"' -DPINSHIM_LIBDIR='"$(LIBDIR)"'
FLAGS = -std=gnu11 -fPIC -fvisibility=hidden -Ishim $(DEFINES) $(WARNINGS) $(SYSROOT:%=--sysroot=%) \
	$(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)
# Of a machine. aarch64: functions that pick atomic instructions when loaded would be constructors.
# i686: gcc tells of structures that nobody shares with what another gcc compiled.
FLAGS_aarch64 = -mno-outline-atomics
FLAGS_i686 = -Wno-psabi
MACHINE := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine 2>/dev/null)))
FLAGS += $(FLAGS_$(MACHINE))
# Of a SYSROOT: where its libraries are, before what the compiler finds by itself, and its loader.
comma = ,
ROOT_LIB = $(abspath $(wildcard $(SYSROOT:%=%/usr/lib/*-linux-gnu)))
ROOT_LOADER = $(firstword $(wildcard $(ROOT_LIB:%=%/ld-linux*.so.[12])))
LINK = $(if $(SANITIZE),-fsanitize=$(SANITIZE)) $(SYSROOT:%=--sysroot=%) $(ROOT_LIB:%=-B% -L%)
RUN = $(ROOT_LOADER:%=-Wl$(comma)--dynamic-linker=%) $(ROOT_LIB:%=-Wl$(comma)--disable-new-dtags$(comma)-rpath=%)

# Lazy binding on purpose: this is mapped into every process of a host, and most
# of them never call into it. -z defs: an undefined symbol would end them all.
# -nostartfiles: there is nothing to do at load time, and looking for what the
# compiler's start files ask for is a third of what loading costs.
SHIM_LINK = -shared -nostartfiles -Wl,-soname,libpinshim.so -Wl,--version-script=$(BUILD)/exports.map \
	-Wl,-z,relro -Wl,-z,lazy -Wl,-z,noexecstack -Wl,--as-needed -Wl,--hash-style=gnu -Wl,-O1 \
	$(if $(SANITIZE),,-Wl,-z,defs)

WITHOUT = $(if $(filter no,$(DLSYM)),shim/entry/hooks_dl.def shim/entry/hooks_dl.c shim/gate/on_dl.c \
	shim/loader/dlsym.c)
HOOKS = $(filter-out $(WITHOUT),shim/entry/hooks.def shim/entry/hooks_dl.def)
ENTRY_SRC = $(filter-out $(WITHOUT),$(sort $(wildcard shim/entry/*.c)))
ARCHIVE_SRC = $(filter-out $(WITHOUT),$(sort $(wildcard shim/gate/*.c shim/loader/*.c shim/process/*.c \
	shim/pure/*.c)))
COMMAND_SRC = $(sort $(wildcard shim/cmd/*.c))
COMMAND_LIBS = -l:libinih.a -l:libjansson.a -lssl -lcrypto -lelf
UNIT_SRC = $(sort $(wildcard tests/unit/test_*.c))
CLIENT_SRC = $(sort $(wildcard tests/e2e/clients/*.c))
MATRIX_SRC = $(sort $(wildcard tests/matrix/*.c))
FUZZ_SRC = $(sort $(wildcard tests/fuzz/fuzz_*.c))

ENTRY_OBJ = $(ENTRY_SRC:%.c=$(BUILD)/%.o)
ARCHIVE_OBJ = $(ARCHIVE_SRC:%.c=$(BUILD)/%.o)
COMMAND_OBJ = $(COMMAND_SRC:%.c=$(BUILD)/%.o)
UNIT = $(UNIT_SRC:tests/unit/%.c=$(BUILD)/tests/%)
CLIENTS = $(CLIENT_SRC:tests/e2e/clients/%.c=$(BUILD)/tests/%)
MATRIX_OBJ = $(MATRIX_SRC:%.c=$(BUILD)/%.o)
REPLAYS = $(FUZZ_SRC:tests/fuzz/fuzz_%.c=$(BUILD)/tests/replay_%)
FUZZERS = $(FUZZ_SRC:tests/fuzz/%.c=$(BUILD)/tests/%)

all: $(BUILD)/libpinshim.so $(BUILD)/pinshim

help:
	@echo 'make                build $(BUILD)/libpinshim.so and $(BUILD)/pinshim'
	@echo 'make demo           see a right pin accepted and a wrong one refused'
	@echo 'make check          build and pass all tests'
	@echo 'make check-abi      every way to make a handshake, on every line of OpenSSL'
	@echo 'make check-clients  which real programs are covered; CLIENT=NAME picks one'
	@echo 'make check-suites   other projects'"'"' tests, without and with the library; SUITES="NAME..." picks some'
	@echo 'make release        the one object for every Debian from 11 on'
	@echo 'make install        to PREFIX=$(PREFIX), below DESTDIR=$(DESTDIR)'
	@echo 'make uninstall      take that away again'
	@echo 'make bench          measure what it costs'
	@echo 'make fuzz           fuzz every parser, and certificates; SECONDS=60 each; TARGETS="NAME..." picks some'
	@echo 'make lint           formatting, static analysis, shell scripts, manual pages'
	@echo 'make deps           install the Debian packages that all of these need'
	@echo 'make clean          remove $(BUILD)'

# Threads of other people's programs may have little stack (stunnel's: 64 KiB).
$(ARCHIVE_OBJ): WARNINGS += $(if $(SANITIZE),,-Wframe-larger-than=2048)

# Where the sanitizers' own start-up comes through, before they can watch anything.
$(addprefix $(BUILD)/shim/,entry/hooks_dl.o gate/on_dl.o loader/dlsym.o loader/elf.o): \
	FLAGS += $(if $(SANITIZE),-fno-sanitize=address -fno-sanitize=thread)

# Changes when DLSYM does.
$(BUILD)/dlsym: FORCE
	@mkdir -p $(@D)
	@echo '$(DLSYM)' | cmp -s - $@ || echo '$(DLSYM)' > $@

$(BUILD)/exports.map: $(HOOKS) $(BUILD)/dlsym
	sed -n -e '1i { global:' -e 's/^HOOK(\(.*\))$$/	\1;/p' -e '$$a local: *; };' $(HOOKS) > $@

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(FLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/libpinshim.a: $(ARCHIVE_OBJ) $(BUILD)/dlsym
	@rm -f $@
	$(AR) rcs $@ $(ARCHIVE_OBJ)

$(BUILD)/libpinshim.so: $(ENTRY_OBJ) $(ARCHIVE_OBJ) $(BUILD)/exports.map
	$(CC) $(LINK) $(SHIM_LINK) $(LDFLAGS) -o $@ $(filter %.o,$^) -l:libinih.a

$(BUILD)/pinshim: $(COMMAND_OBJ) $(BUILD)/libpinshim.a
	$(CC) $(LINK) $(RUN) $(LDFLAGS) -o $@ $^ $(COMMAND_LIBS)

# All of the command but its main().
$(BUILD)/libcommand.a: $(filter-out %/main.o,$(COMMAND_OBJ))
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/tests/test_%: $(BUILD)/tests/unit/test_%.o $(BUILD)/libpinshim.a
	@mkdir -p $(@D)
	$(CC) $(LINK) $(RUN) $(LDFLAGS) -o $@ $^ -l:libinih.a -lcmocka -lssl -lcrypto

$(BUILD)/tests/replay_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/replay.o $(BUILD)/libcommand.a $(BUILD)/libpinshim.a
	@mkdir -p $(@D)
	$(CC) $(LINK) $(RUN) $(LDFLAGS) -o $@ $^ $(COMMAND_LIBS)

# Needs clang, and fuzzer-no-link among what SANITIZE names.
$(FUZZERS): $(BUILD)/tests/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/libcommand.a $(BUILD)/libpinshim.a
	@mkdir -p $(@D)
	$(CC) $(LINK) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(COMMAND_LIBS)

$(CLIENTS): $(BUILD)/tests/%: $(BUILD)/tests/e2e/clients/%.o
	@mkdir -p $(@D)
	$(CC) $(LINK) $(RUN) $(LDFLAGS) -o $@ $^ -lssl -lcrypto -lpthread -ldl

$(BUILD)/tests/matrix/matrix: $(MATRIX_OBJ)
	@mkdir -p $(@D)
	$(CC) $(LINK) $(RUN) $(LDFLAGS) -o $@ $^ -lssl -lcrypto -lpthread -ldl

$(BUILD)/tests/unit/%.o $(BUILD)/tests/fuzz/%.o: DEFINES += -DSOURCE_DIR='"$(CURDIR)"' -DCOMPILER='"$(CC)"'

clients: $(CLIENTS)

tests: all $(UNIT) $(CLIENTS) $(REPLAYS) $(BUILD)/tests/matrix/matrix

# The one object for every Debian from 11 on: against the oldest glibc that is served.
release:
	@scripts/deps.sh build
	@scripts/roots.sh release
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/release SYSROOT=build/roots/release \
		$(BUILD)/release/libpinshim.so

deps:
	@scripts/deps.sh build demo test suites lint bench
	@scripts/deps.sh clients
	@scripts/deps.sh abi || :

demo:
	@scripts/deps.sh build demo
	@$(MAKE) --no-print-directory -s all
	@BUILD=$(BUILD) scripts/demo.sh

# Compilers for other machines do not get along with gcc-multilib; then their tests are skipped.
check:
	@scripts/deps.sh build test
	@scripts/deps.sh abi || :
	@scripts/check.sh

check-abi:
	@scripts/deps.sh build test
	@scripts/abi.sh tables

# One program: make check-clients CLIENT='python urllib'
check-clients:
	@scripts/deps.sh build test
	@CLIENT='$(CLIENT)' scripts/deps.sh clients
	@$(MAKE) --no-print-directory -s all
	@BUILD=$(BUILD) scripts/clients.sh $(if $(CLIENT),'$(CLIENT)')

# SUITES: of tests/suites/*.sh; all, when it is empty.
check-suites:
	@scripts/deps.sh build suites
	@$(MAKE) --no-print-directory -s all
	@BUILD=$(BUILD) scripts/suites.sh $(SUITES)

bench:
	@scripts/deps.sh build bench
	@$(MAKE) --no-print-directory -s all
	@BUILD=$(BUILD) scripts/bench.sh

fuzz:
	@scripts/deps.sh build test
	@scripts/fuzz.sh $(TARGETS)

lint:
	@scripts/deps.sh build lint
	@scripts/lint.sh

EXAMPLES = policy.ini systemd-pinshim.conf logrotate-pinshim apparmor-abstraction

# A library that is preloaded everywhere must never be half there: it is replaced at once.
install: all
	install -D -m 0755 $(BUILD)/libpinshim.so $(DESTDIR)$(LIBDIR)/libpinshim.so.new
	mv -f $(DESTDIR)$(LIBDIR)/libpinshim.so.new $(DESTDIR)$(LIBDIR)/libpinshim.so
	install -D -m 0755 $(BUILD)/pinshim $(DESTDIR)$(BINDIR)/pinshim
	install -D -m 0644 shim/cmd/pinshim.1 $(DESTDIR)$(MANDIR)/man1/pinshim.1
	install -D -m 0644 shim/pure/pinshim.ini.5 $(DESTDIR)$(MANDIR)/man5/pinshim.ini.5
	install -D -m 0644 shim/entry/libpinshim.8 $(DESTDIR)$(MANDIR)/man8/libpinshim.8
	install -D -m 0644 conf/pinshim.bash-completion $(DESTDIR)$(COMPLETIONDIR)/pinshim
	install -d $(DESTDIR)$(DOCDIR)
	install -m 0644 $(EXAMPLES:%=conf/%) $(DESTDIR)$(DOCDIR)
	sed -i 's|/usr/local/lib/|$(LIBDIR)/|' $(DESTDIR)$(DOCDIR)/systemd-pinshim.conf

# Afterwards every program would say that it misses the library, and no command would be there to mend that.
uninstall:
	@! grep -sv '^[[:space:]]*#' $(DESTDIR)/etc/ld.so.preload | grep -qF $(LIBDIR)/libpinshim.so || { \
		echo "the library is in $(DESTDIR)/etc/ld.so.preload; run 'pinshim host disable' first" >&2; exit 1; }
	rm -f $(DESTDIR)$(LIBDIR)/libpinshim.so $(DESTDIR)$(BINDIR)/pinshim
	rm -f $(DESTDIR)$(MANDIR)/man1/pinshim.1 $(DESTDIR)$(MANDIR)/man5/pinshim.ini.5
	rm -f $(DESTDIR)$(MANDIR)/man8/libpinshim.8 $(DESTDIR)$(COMPLETIONDIR)/pinshim
	rm -f $(EXAMPLES:%=$(DESTDIR)$(DOCDIR)/%)
	rmdir --ignore-fail-on-non-empty $(DESTDIR)$(DOCDIR)

clean:
	rm -rf $(BUILD)

.PHONY: all help tests clients release deps demo check check-abi check-clients check-suites bench fuzz lint \
	install uninstall clean FORCE
.SECONDARY:

-include $(shell find $(BUILD) \( -name roots -o -name suites \) -prune -o -type f -name '*.d' -print 2>/dev/null)
