# SPDX-License-Identifier: MIT
#
# `make help` lists what can be asked. Each variant of the build has its own folder
# below build/, so that they never mix and all can be kept.

VERSION := 0.1.0

VARIANT := release
B       := build/$(VARIANT)

prefix     := /usr/local
bindir     := $(prefix)/bin
datadir    := $(prefix)/share
libdir     := $(prefix)/lib
docdir     := $(datadir)/doc/opensi-gateway
mandir     := $(datadir)/man
localedir  := $(datadir)/locale
bashdir    := $(datadir)/bash-completion/completions
zshdir     := $(datadir)/zsh/site-functions
sysconfdir := /etc

# The architecture: includes go from right to left only (tests/check-layers).
LAYERS   := base core system top tool
MAINS    := gateway/top/gateway.c gateway/tool/spool_tool.c
PROGRAMS := $B/opensi-gateway $B/opensi-spool

SOURCES      := $(foreach layer,$(LAYERS),$(sort $(wildcard gateway/$(layer)/*.c)))
SIM_SOURCES  := $(sort $(wildcard tests/sim/*.c))
FAULT_SOURCES := $(wildcard tests/fault/*.c)
POWERLOSS_SOURCES := $(wildcard tests/powerloss/*.c)
UNIT_SOURCES := $(sort $(wildcard tests/unit/test_*.c))
UNIT_TESTS   := $(UNIT_SOURCES:tests/unit/%.c=$B/tests/%)
FUZZ_SOURCES := $(sort $(wildcard tests/fuzz/*.c))
FUZZERS      := $(patsubst tests/fuzz/%.c,$B/tests/%, \
	$(filter tests/fuzz/fuzz_%,$(FUZZ_SOURCES)))
CATALOGUE    := build/locale/fr/LC_MESSAGES/opensi-gateway.mo
POT          := build/po/opensi-gateway.pot
HEADERS      := $(wildcard gateway/*/*.h tests/*/*.h)
object        = $(patsubst %.c,$B/obj/%.o,$1)

# pkg-config is asked when the first file is compiled, and only once.
LIBRARIES := libxml-2.0 libcurl libconfig jansson libmd
pkg        = $(shell pkg-config $1 $(LIBRARIES) 2>/dev/null)
LIB_FLAGS  = $(eval LIB_FLAGS := $(patsubst -I%,-isystem %,$(call pkg,--cflags)))\
	$(LIB_FLAGS)
LIBS       = $(eval LIBS := $(call pkg,--libs))$(LIBS)

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wvla -Wstrict-prototypes \
	-Wmissing-prototypes -Wwrite-strings -Wformat=2 -Wundef -Wimplicit-fallthrough \
	$(if $(WERROR),-Werror)
DEFINES  := -D_GNU_SOURCE -DGATEWAY_VERSION='"$(VERSION)"' \
	-DGATEWAY_DATA_DIR='"$(datadir)/opensi-gateway"' \
	-DGATEWAY_LOCALE_DIR='"$(localedir)"' \
	-DGATEWAY_CONFIG_DIR='"$(sysconfdir)/opensi-gateway"'

# libFuzzer comes with clang.
ifeq ($(VARIANT),fuzz)
CC := clang
endif

# A distribution's own choice goes before ours.
fortify := $(if $(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS)),,-D_FORTIFY_SOURCE=2)
machine := $(shell $(CC) -dumpmachine 2>/dev/null)

MODE_release  := -O2 -g -fPIE -fstack-protector-strong -fstack-clash-protection \
	$(if $(findstring x86_64,$(machine)),-fcf-protection) $(fortify)
MODE_asan     := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all
MODE_fuzz     := $(MODE_asan) -fsanitize=fuzzer-no-link
MODE_cov      := -O0 -g --coverage
MODE_analyzer := -O2 -fanalyzer
LINK_cov      := -Wl,--wrap=sandbox_allow_system,--wrap=_exit
LINK_fuzz     := -fsanitize=fuzzer
LINK_release  := -pie -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed

MODE    := $(or $(MODE_$(VARIANT)),$(error no variant $(VARIANT)))
COMPILE  = $(CC) -std=gnu17 $(MODE) $(WARNINGS) $(DEFINES) -Igateway \
	-include base/banned.h $(LIB_FLAGS) $(CPPFLAGS) $(CFLAGS)
LINK     = $(CC) $(MODE) $(CFLAGS) $(LINK_$(VARIANT)) $(LDFLAGS) -o $@ \
	$(filter %.o,$^) $(filter %.a,$^)

# In parallel unless told otherwise; one short line a step unless V=1.
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif
MAKEFLAGS += --no-print-directory
step = $(if $(V),,@printf '%-5s %s\n' $1 $@;)

.PHONY: all tests fuzzers bench-programs objects demo po test check coverage torture fuzz \
	bench bench-full deps lint format man deb install install-units install-man \
	install-completions install-locale uninstall clean help FORCE
.DELETE_ON_ERROR:
.SECONDARY:

all: $(PROGRAMS) $(CATALOGUE) $(if $(filter release,$(VARIANT)),$(PROGRAMS:$B/%=build/%)) ## The programs

build/opensi-%: FORCE
	@mkdir -p build && ln -sfn release/$(@F) $@

$B/opensi-gateway: $B/obj/gateway/top/gateway.o
$B/opensi-spool: $B/obj/gateway/tool/spool_tool.o
$(PROGRAMS): $B/libgateway.a
	$(call step,LINK)$(LINK) $(LIBS)

# What they need to write down their counts of lines: see there.
COVERAGE_SOURCES := $(if $(filter cov,$(VARIANT)),tests/coverage/counts.c)
$B/obj/tests/coverage/counts.o build/lint/tests/coverage/counts.c.tidy: \
	private CPPFLAGS += -DCOUNTS_FOLDER='"$(abspath $B)"'

# All but the mains: each test takes out of it what it needs.
$B/libgateway.a: $(call object,$(filter-out $(MAINS),$(SOURCES)) $(COVERAGE_SOURCES))
	$(call step,AR)rm -f $@ && $(AR) qcs $@ $^

$(UNIT_TESTS): $B/tests/%: $B/obj/tests/unit/%.o $B/libgateway.a
	@mkdir -p $(@D)
	$(call step,LINK)$(LINK) $(LIBS) -lcmocka

$B/tests/test_audit: LDFLAGS += -Wl,--wrap=io_write
$B/tests/test_claiming: LDFLAGS += -Wl,--wrap=io_sync
$B/tests/test_settling: LDFLAGS += -Wl,--wrap=audit_write
$B/tests/test_site: LDFLAGS += -Wl,--wrap=clock_boot_id
$B/tests/test_tool_moving: LDFLAGS += -Wl,--wrap=journal_search -Wl,--wrap=place_find

$B/tests/sim: $(call object,$(SIM_SOURCES)) $B/libgateway.a
	@mkdir -p $(@D)
	$(call step,LINK)$(LINK) $(LIBS)

# The gateway, its calls to the kernel by io.h and its clock in the hands of a test.
WRAPPED := $(shell sed -nE 's/^int (io_[a-z_]*)\W.*/\1/p' gateway/system/io.h) clock_now
$B/tests/faulty-gateway: LDFLAGS += $(WRAPPED:%=-Wl,--wrap=%)
$B/tests/faulty-gateway: $B/obj/gateway/top/gateway.o $(call object,$(FAULT_SOURCES)) \
	$B/libgateway.a
	@mkdir -p $(@D)
	$(call step,LINK)$(LINK) $(LIBS)

$B/tests/recording-gateway: LDFLAGS += $(WRAPPED:%=-Wl,--wrap=%) -Wl,--wrap=clock_boot_id
$B/tests/recording-gateway: $B/obj/gateway/top/gateway.o \
	$(call object,$(POWERLOSS_SOURCES)) $B/libgateway.a
	@mkdir -p $(@D)
	$(call step,LINK)$(LINK) $(LIBS)

$B/tests/fuzz_config: LDFLAGS += -Wl,--wrap=open
$(FUZZERS): $B/tests/%: $B/obj/tests/fuzz/%.o $B/obj/tests/fuzz/fuzz.o $B/libgateway.a
	@mkdir -p $(@D)
	$(call step,LINK)$(LINK) $(LIBS)

$B/bench/sink: TLS_LIBS := -lssl -lcrypto
$B/bench/sink: $(call object,$(wildcard tests/bench/sink*.c)) $B/libgateway.a
$B/bench/null-pipeline: $B/obj/tests/bench/null_pipeline.o $B/libgateway.a
$B/bench/drops: $B/obj/tests/bench/drops.o $B/libgateway.a
$B/bench/stopwatch: $B/obj/tests/bench/stopwatch.o
BENCH_PROGRAMS := $(addprefix $B/bench/,sink null-pipeline drops stopwatch)
$(BENCH_PROGRAMS):
	@mkdir -p $(@D)
	$(call step,LINK)$(LINK) $(LIBS) $(TLS_LIBS)

$B/obj/%.o: %.c $B/flags
	@mkdir -p $(@D)
	$(call step,CC)$(COMPILE) -MMD -MP -c -o $@ $<

# Another prefix or another switch compiles anew: paths are part of the programs.
$B/flags: export FLAGS = $(COMPILE)
$B/flags: FORCE
	@pkg-config --exists --print-errors $(LIBRARIES) || \
		{ echo 'contrib/deps build installs what is missing' >&2; exit 1; }
	@mkdir -p $B && echo "$$FLAGS" | cmp -s - $@ || echo "$$FLAGS" >$@

# The words of all variants; programs in build/ look for them there (system/language.h).
$(CATALOGUE): contrib/po/fr.po
	@mkdir -p $(@D)
	$(call step,PO)msgfmt --check -o $@ $<

$(POT): $(SOURCES)
	@mkdir -p $(@D)
	$(call step,POT)xgettext --from-code=UTF-8 --language=C --keyword= -k_ -kN_ \
		-kwords_count:1,2 --add-location=file --package-name=opensi-gateway -o $@ $^
	@sed -i '/^"POT-Creation-Date/d' $@ # it would change with each make po

po: $(POT) ## Brings new sentences into contrib/po/fr.po
	msgmerge --quiet --update --backup=none --no-fuzzy-matching --width=90 \
		--add-location=file contrib/po/fr.po $<

objects: $(call object,$(SOURCES))
tests: $(PROGRAMS) $(CATALOGUE) $(UNIT_TESTS) $(if $(SIM_SOURCES),$B/tests/sim) \
	$(if $(FAULT_SOURCES),$B/tests/faulty-gateway) \
	$(if $(POWERLOSS_SOURCES),$B/tests/recording-gateway)

# Where there is no clang, tests/run says so.
fuzzers: $(FUZZERS)
tests-fuzz: FORCE
	@! tests/fuzz/run possible >/dev/null || $(MAKE) VARIANT=fuzz fuzzers

tests-%: FORCE
	@$(MAKE) VARIANT=$* tests

demo: ## Installs what is missing, then shows the gateway at work with a shop
	@contrib/deps demo
	@$(MAKE) all
	@contrib/demo/run

test: ## Installs what is missing, then does check
	@contrib/deps test
	@$(MAKE) check

check: tests-release tests-asan tests-fuzz ## All tests; needs no network and no root
	@tests/run release asan fuzz

coverage: tests-cov ## Lines reached by the tests, file by file; what is left must be known
	@tests/coverage/report begin build/cov
	@tests/run cov
	@tests/coverage/report end build/cov $(SOURCES)

TORTURED := test_soap_read test_response test_document test_history_lives
torture: tests-$(VARIANT) tests-asan tests-fuzz ## What takes longer than a test may
	$B/tests/sim --requests 10000000
	tests/run -a -k 'integration|valgrind|fault|powerloss' release asan
	set -e; for t in $(TORTURED); do GATEWAY_TORTURE=1 $B/tests/$$t; done
	tests/fault/torment.py --all $B
	tests/powerloss/cut_power.py --all $B
	GATEWAY_TORTURE=1 GATEWAY=$(abspath $B/opensi-gateway) \
		bats -f 'a flood of files' tests/integration/hostile_drops.bats
	tests/torture/timeouts --count 1000 --sites 48 $B/opensi-gateway
	tests/fuzz/run long 120
	$(MAKE) lint-deep

SECONDS := 600
fuzz: tests-fuzz ## Searches for inputs that break it, SECONDS=600 for each kind
	@tests/fuzz/run long $(SECONDS)

bench-programs: $(PROGRAMS) $(BENCH_PROGRAMS)
bench: ## Installs what is missing, then measures speed; wants a quiet machine
	@contrib/deps bench
	@$(MAKE) bench-programs
	@tests/bench/run --programs $B --json build/bench.json

bench-full: ## The same with a million files waiting
	@contrib/deps bench
	@$(MAKE) bench-programs
	@tests/bench/run --programs $B --json build/bench.json --full

deps: ## Installs all that building, demo, tests and lint need
	@contrib/deps demo test lint

C_FILES := $(SOURCES) $(SIM_SOURCES) $(FUZZ_SOURCES) $(FAULT_SOURCES) \
	$(POWERLOSS_SOURCES) $(wildcard tests/unit/*.c tests/bench/*.c tests/coverage/*.c)
SCRIPTS  = $(shell find . -name build -prune -o -name .git -prune -o -type f \
	-exec awk 'FNR == 1 { if (/^\#!.*[\/ ](ba)?sh/) print FILENAME; nextfile }' {} +)
TIDIED  := $(C_FILES:%=build/lint/%.tidy)
WALKED  := $(SOURCES:%=build/lint/%.walked)

lint: ## Installs what is missing, then checks form and searches for faults
	@contrib/deps test lint
	@$(MAKE) -k lint-format lint-cppcheck lint-shell lint-analyzer lint-tidy

lint-format: FORCE
	clang-format --dry-run -Werror $(C_FILES) $(HEADERS)

lint-cppcheck: FORCE
	@mkdir -p build/lint/cppcheck
	cppcheck --quiet --error-exitcode=1 --enable=warning,style,performance,portability \
		--std=c11 --library=gnu --inline-suppr --suppress=memleak -j$(shell nproc) -Igateway \
		--cppcheck-build-dir=build/lint/cppcheck gateway

# A bats test is a subshell by nature, and hands scripts to other shells in quotes.
lint-shell: FORCE
	shellcheck -x $(SCRIPTS) $(wildcard contrib/completions/*.bash)
	shellcheck -x -s bats -e SC2016,SC2030,SC2031 $(wildcard tests/*/*.bats)

lint-analyzer: FORCE
	@$(MAKE) VARIANT=analyzer WERROR=1 objects

# depth
define tidy
	@mkdir -p $(@D)
	$(call step,TIDY)clang-tidy -quiet $< -- $(wordlist 2,999,$(COMPILE)) \
		-Xclang -analyzer-config -Xclang mode=$1 2>$@.log || { cat $@.log; exit 1; }
	@touch $@
endef
lint-tidy: $(TIDIED)
$(TIDIED): build/lint/%.tidy: % $(HEADERS) .clang-tidy tests/.clang-tidy
	$(call tidy,shallow)

# Every path, also through what a function calls: that takes five times as long.
lint-deep: $(WALKED)
$(WALKED): build/lint/%.walked: % $(HEADERS) .clang-tidy
	$(call tidy,deep)

format: ## Puts all C files into the house form
	clang-format -i $(C_FILES) $(HEADERS)

# The sample configuration is one of the documents.
DOCUMENTS := LICENSE $(wildcard *.md doc/*.md contrib/*.conf)

# Of docdir, with what is in them.
FOLDERS := exporters monitoring

# Units and the like name the places that the rest is installed to.
PLACES := s|/usr/local/bin|$(bindir)|; s|/usr/local/share/doc/opensi-gateway|$(docdir)|; \
	s|/usr/local/share/opensi-gateway|$(datadir)/opensi-gateway|; \
	s|/etc/opensi-gateway|$(sysconfdir)/opensi-gateway|
UNITS  := $(notdir $(wildcard contrib/systemd/*.service contrib/systemd/*.timer))
UNITS_INSTALLED := $(UNITS:%=$(libdir)/systemd/system/%) \
	$(libdir)/sysusers.d/opensi-gateway.conf $(libdir)/tmpfiles.d/opensi-gateway.conf
placed  = sed '$(PLACES)' contrib/systemd/$1 | install -m 644 /dev/stdin $(DESTDIR)$2

install-units:
	install -d $(addprefix $(DESTDIR)$(libdir)/,systemd/system sysusers.d tmpfiles.d)
	for unit in $(UNITS); do \
		$(call placed,$$unit,$(libdir)/systemd/system/$$unit) || exit 1; \
	done
	$(call placed,opensi-gateway.sysusers,$(libdir)/sysusers.d/opensi-gateway.conf)
	$(call placed,opensi-gateway.tmpfiles,$(libdir)/tmpfiles.d/opensi-gateway.conf)

PAGES := $(patsubst contrib/man/%.scd,build/man/%,$(wildcard contrib/man/*.scd \
	contrib/man/*/*.scd))
# fr/opensi-spool.1 becomes fr/man1/opensi-spool.1
PAGES_INSTALLED := $(foreach page,$(PAGES:build/man/%=%),$(mandir)/$(filter-out ./,\
	$(dir $(page)))man$(patsubst .%,%,$(suffix $(page)))/$(notdir $(page)))

man: $(PAGES) ## The manual pages, in build/man
$(PAGES): build/man/%: contrib/man/%.scd
	@mkdir -p $(@D)
	$(call step,MAN)scdoc <$< >$@

install-man: man
	for page in $(PAGES_INSTALLED:$(mandir)/%=%); do \
		sed '$(PLACES)' build/man/$$(echo $$page | sed 's|man[0-9]/||') | \
			install -D -m 644 /dev/stdin $(DESTDIR)$(mandir)/$$page || exit 1; \
	done

COMPLETIONS_INSTALLED := $(addprefix $(bashdir)/,opensi-gateway opensi-spool) \
	$(addprefix $(zshdir)/,_opensi-gateway _opensi-spool)

install-completions:
	install -d $(DESTDIR)$(bashdir) $(DESTDIR)$(zshdir)
	for program in opensi-gateway opensi-spool; do \
		install -m 644 contrib/completions/$$program.bash \
			$(DESTDIR)$(bashdir)/$$program && \
		install -m 644 -t $(DESTDIR)$(zshdir) contrib/completions/_$$program || \
			exit 1; \
	done

CATALOGUE_INSTALLED := $(CATALOGUE:build/locale/%=$(localedir)/%)

install-locale: $(CATALOGUE)
	install -D -m 644 $(CATALOGUE) $(DESTDIR)$(CATALOGUE_INSTALLED)

install: install-man install-completions install-locale
install: all install-units ## Into $(DESTDIR)$(prefix); no configuration is touched
	install -d $(DESTDIR)$(bindir) $(DESTDIR)$(datadir)/opensi-gateway \
		$(DESTDIR)$(docdir)
	install $(PROGRAMS) $(DESTDIR)$(bindir)
	install -m 644 $(wildcard xsd/*) $(DESTDIR)$(datadir)/opensi-gateway
	install -m 644 $(DOCUMENTS) $(DESTDIR)$(docdir)
	for folder in $(FOLDERS); do \
		install -d $(DESTDIR)$(docdir)/$$folder && \
		cp contrib/$$folder/* $(DESTDIR)$(docdir)/$$folder && \
		chmod -R u=rwX,go=rX $(DESTDIR)$(docdir)/$$folder || exit 1; \
	done

uninstall: ## Takes away what install put there
	rm -f $(PROGRAMS:$B/%=$(DESTDIR)$(bindir)/%) $(addprefix $(DESTDIR),\
		$(UNITS_INSTALLED) $(PAGES_INSTALLED) $(COMPLETIONS_INSTALLED) \
		$(CATALOGUE_INSTALLED))
	rm -rf $(DESTDIR)$(datadir)/opensi-gateway $(DESTDIR)$(docdir)

# Of a copy, so that the tree stays as it is. The same commit gives the same bytes.
deb: export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || \
	stat -c %Y Makefile)
deb: ## Installs what is missing, then makes a package for Debian 12, in build/deb
	@contrib/deps deb
	@contrib/debian/make $(VERSION) build/deb
	@ls build/deb/*.deb

clean: ## Takes away all that was built
	rm -rf build

help: ## This list
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/\1\t\2/p' Makefile | expand -t 12

-include $(patsubst %.c,$B/obj/%.d,$(SOURCES) $(SIM_SOURCES) $(FUZZ_SOURCES) \
	$(FAULT_SOURCES) $(POWERLOSS_SOURCES) $(UNIT_SOURCES) \
	$(wildcard tests/bench/*.c))
