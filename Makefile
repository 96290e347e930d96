# Sluice. `make help` lists the targets.
#
#   O=DIR    where objects go (default build; build-san with SAN)
#   SAN=...  sanitizers, e.g. SAN=address,undefined
#   CC=...   gcc (default) or clang
#   V=1      show the commands
#
# A folder is a layer (see docs/architecture.md); a .c file in it belongs to it without being named here. Each layer becomes an archive
# that unit tests link; programs link the layers' objects whole, because features register themselves before main().

SAN ?=
O ?= build$(if $(SAN),-san)
PREFIX ?= /usr/local
DESTDIR ?=
CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
PYTHON := /usr/bin/python3
Q := $(if $(V),,@)
VERSION := 0.1.0

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:

# ---- Flags ---------------------------------------------------------------------------------------

OPT ?= -O2
WARN := -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wpointer-arith -Wvla \
        -Wno-missing-field-initializers
PKGS := libevent libevent_pthreads libevent_openssl jansson libssl libcrypto libnl-3.0 libnl-route-3.0
CPPFLAGS += -I. -D_GNU_SOURCE -DSLUICE_VERSION='"$(VERSION)"' $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
SANFLAGS := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
CFLAGS := -std=gnu11 -g $(OPT) $(WARN) -pthread $(SANFLAGS) $(EXTRA_CFLAGS)
LDFLAGS += -pthread $(SANFLAGS)
LDLIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lm
DPDK_CFLAGS := $(shell pkg-config --cflags libdpdk 2>/dev/null) -DALLOW_EXPERIMENTAL_API
DPDK_LIBS := $(shell pkg-config --libs libdpdk 2>/dev/null)

# ---- Layers --------------------------------------------------------------------------------------

src = $(sort $(foreach d,$(1),$(shell find $(d) -name '*.c' 2>/dev/null)))

LIB_SRC := $(call src,lib)
FLOW_SRC := $(call src,datapath/flow datapath/parse)
# The dp channel's two ends share all files but client*.c and server*.c.
CHANNEL_SERVER := $(wildcard datapath/channel/server*.c)
CHANNEL_CLIENT := $(wildcard datapath/channel/client*.c)
CHANNEL_SRC := $(filter-out $(CHANNEL_SERVER) $(CHANNEL_CLIENT),$(call src,datapath/channel))
DPIF_SRC := datapath/dp.c $(CHANNEL_CLIENT)
# The in-process datapath: for unit tests alone.
FAKE_SRC := $(call src,datapath/fake)
# What moves packets, without the process around it.
CORE_SRC := $(call src,datapath/core datapath/cache datapath/action datapath/conntrack datapath/port)
DATAPATH_SRC := $(wildcard datapath/main*.c) $(CHANNEL_SERVER) $(CORE_SRC)
TUNNELS_SRC := $(call src,tunnels)
DBSCHEMA_SRC := $(call src,db/schema)
DBCLIENT_SRC := $(call src,db/client)
DB_SRC := $(wildcard db/main*.c) $(call src,db/store db/txn db/server)
OFPROTO_SRC := $(call src,ofproto)
# OpenFlow's bytes and text, without a switch.
OFCODEC_SRC := $(call src,ofproto/codec ofproto/match)
VSWITCHD_SRC := $(call src,vswitchd)

LAYERS := LIB FLOW CHANNEL DPIF FAKE CORE DATAPATH TUNNELS DBSCHEMA DBCLIENT DB OFCODEC OFPROTO VSWITCHD
obj = $(patsubst %.c,$(O)/%.o,$(1))
$(foreach l,$(LAYERS),$(eval $(l)_OBJ := $(call obj,$($(l)_SRC))))

# A folder without a main.c (the demo, a script) is no program.
UTILITIES := $(patsubst utilities/%/main.c,%,$(wildcard utilities/*/main.c))
util_obj = $(call obj,$(call src,utilities/$(1)))
# What every command-line tool may use; and what one uses instead.
UTIL_LAYERS := LIB DBSCHEMA DBCLIENT
UTIL_LAYERS_sluice-ofctl := LIB FLOW OFCODEC
util_layers = $(or $(UTIL_LAYERS_$(1)),$(UTIL_LAYERS))

PROGRAMS := sluice-datapath sluice-vswitchd sluice-db $(UTILITIES)
BIN := $(addprefix $(O)/bin/,$(PROGRAMS))

# ---- Programs ------------------------------------------------------------------------------------

.PHONY: all
all: $(BIN)

layer_objs = $(foreach l,$(1),$($(l)_OBJ))

$(O)/bin/sluice-datapath: $(call layer_objs,DATAPATH CHANNEL FLOW LIB)
$(O)/bin/sluice-datapath: private LDLIBS += $(DPDK_LIBS)
$(O)/bin/sluice-vswitchd: $(call layer_objs,VSWITCHD OFPROTO TUNNELS DPIF CHANNEL FLOW DBCLIENT DBSCHEMA LIB)
$(O)/bin/sluice-db: $(call layer_objs,DB DBSCHEMA LIB)
$(foreach u,$(UTILITIES),$(eval $(O)/bin/$(u): $(call util_obj,$(u)) $(call layer_objs,$(call util_layers,$(u)))))

$(BIN):
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LDLIBS)

$(DATAPATH_OBJ): private CPPFLAGS += $(DPDK_CFLAGS)

$(O)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# The schema is part of the program; see db/schema/vswitch.c.
$(O)/db/schema/vswitch.o: db/schema/vswitch.ovsschema

-include $(shell find $(O) -name '*.d' 2>/dev/null)

# ---- Archives and unit tests ---------------------------------------------------------------------

ar = $(O)/ar/$(1).a
$(foreach l,$(LAYERS),$(eval $(call ar,$(l)): $(filter-out %/main.o,$($(l)_OBJ))))
$(foreach l,$(LAYERS),$(call ar,$(l))):
	@mkdir -p $(@D)
	$(Q)rm -f $@ && ar rcs $@ $^
$(foreach u,$(UTILITIES),$(eval $(call ar,$(u)): $(filter-out %/main.o,$(call util_obj,$(u)))))
$(foreach u,$(UTILITIES),$(call ar,$(u))):
	@mkdir -p $(@D)
	$(Q)rm -f $@ && ar rcs $@ $^

# What the tests below tests/unit/LAYER link: the first group whole (things register themselves), the second as needed.
WHOLE_lib := LIB
WHOLE_datapath := FLOW CHANNEL DPIF FAKE DATAPATH
NEED_datapath := LIB
WHOLE_tunnels := TUNNELS
NEED_tunnels := FLOW LIB
WHOLE_db := DBSCHEMA DBCLIENT DB
NEED_db := LIB
WHOLE_ofproto := OFPROTO DPIF FAKE CHANNEL FLOW
NEED_ofproto := TUNNELS LIB
WHOLE_vswitchd := VSWITCHD OFPROTO DPIF FAKE CHANNEL FLOW
NEED_vswitchd := TUNNELS DBCLIENT DBSCHEMA LIB
# Policy and forwarding in one process.
WHOLE_verdict := VSWITCHD OFPROTO DPIF CHANNEL FLOW CORE
NEED_verdict := TUNNELS DBCLIENT DBSCHEMA LIB
WHOLE_utilities := DBSCHEMA DBCLIENT
NEED_utilities := $(UTILITIES) LIB

UNIT_SRC := $(sort $(shell find tests/unit -name 'test_*.c' 2>/dev/null))
UNIT_BIN := $(patsubst %.c,$(O)/%,$(UNIT_SRC))
FUZZ_SRC := $(sort $(shell find tests/fuzz -name 'fuzz_*.c' 2>/dev/null))
FUZZ_BIN := $(patsubst %.c,$(O)/%,$(FUZZ_SRC))
BENCH_SRC := $(sort $(shell find tests/bench -name 'bench_*.c' 2>/dev/null))
BENCH_BIN := $(patsubst %.c,$(O)/%,$(BENCH_SRC))

layer_of = $(word 3,$(subst /, ,$(1)))
archives = $(foreach l,$(WHOLE_$(1)) $(NEED_$(1)),$(call ar,$(l)))
define test_rule
$(O)/$(basename $(1)): $(O)/$(basename $(1)).o $(call archives,$(call layer_of,$(1)))
	@echo "  LD    $$@"
	$$(Q)$$(CC) $$(LDFLAGS) $(2) -o $$@ $$< -Wl,--whole-archive $(foreach l,$(WHOLE_$(call layer_of,$(1))),$(call ar,$(l))) \
	    -Wl,--no-whole-archive $(foreach l,$(NEED_$(call layer_of,$(1))),$(call ar,$(l))) \
	    $(3) $$(LDLIBS) $(if $(filter datapath verdict,$(call layer_of,$(1))),$(DPDK_LIBS))
endef
$(foreach t,$(UNIT_SRC),$(eval $(call test_rule,$(t),,-lcmocka)))
$(foreach t,$(FUZZ_SRC),$(eval $(call test_rule,$(t),-fsanitize=fuzzer,)))
$(foreach t,$(BENCH_SRC),$(eval $(call test_rule,$(t),,)))

$(foreach t,unit fuzz bench,$(foreach l,datapath verdict,$(O)/tests/$(t)/$(l)/%.o)): private CPPFLAGS += $(DPDK_CFLAGS)

# ---- Targets for people --------------------------------------------------------------------------

.PHONY: help deps check check-unit unit-programs check-system check-san demo bench fuzz fuzz-programs lint format install clean

help:
	@sed -n 's/^#: //p' Makefile

#: make            builds the programs into build/bin
#: make deps       installs the Debian packages of deps.txt that are missing (as root)
deps:
	$(Q)./.ci/deps

#: make demo       shows the switch at work in four network namespaces (as root)
demo:
	$(Q)./.ci/deps
	$(Q)$(MAKE) --no-print-directory all
	$(Q)./utilities/demo/demo.sh $(abspath $(O))/bin

#: make check      installs what is missing, builds, runs every test (as root)
check:
	$(Q)./.ci/deps
	$(Q)$(MAKE) --no-print-directory all unit-programs
	$(Q)$(MAKE) --no-print-directory check-unit
	$(Q)$(MAKE) --no-print-directory check-system
	$(Q)$(MAKE) --no-print-directory check-san
	$(Q)$(MAKE) --no-print-directory fuzz FUZZ_TIME=$(CHECK_FUZZ_TIME)

CHECK_FUZZ_TIME ?= 3
# Tests that run side by side.
JOBS ?= $(shell nproc)

unit-programs: $(UNIT_BIN)

#: make check-unit builds and runs the unit tests (also: SAN=address,undefined)
check-unit: $(UNIT_BIN)
	$(Q)./tests/unit/run $(JOBS) $(UNIT_BIN)

#: make check-system   runs the tests in network namespaces (also: SAN=..., ARGS="-k vlan")
check-system: all
	$(Q)SLUICE_BIN=$(abspath $(O))/bin $(PYTHON) -m pytest -n $(JOBS) tests/system $(ARGS)

#: make check-san  unit tests and the system tests' core under ASan and UBSan
check-san:
	$(Q)$(MAKE) --no-print-directory SAN=address,undefined OPT=-O1 all unit-programs
	$(Q)$(MAKE) --no-print-directory SAN=address,undefined OPT=-O1 check-unit
	$(Q)$(MAKE) --no-print-directory SAN=address,undefined OPT=-O1 check-system ARGS="-m san"

#: make fuzz       runs each fuzz target for FUZZ_TIME seconds (60)
FUZZ_TIME ?= 60
fuzz:
	$(Q)$(MAKE) --no-print-directory O=build-fuzz CC=clang OPT=-O1 SAN=address,undefined EXTRA_CFLAGS=-fsanitize=fuzzer-no-link fuzz-programs
	$(Q)./tests/fuzz/run $(JOBS) $(FUZZ_TIME) $(patsubst %.c,build-fuzz/%,$(FUZZ_SRC))

fuzz-programs: $(FUZZ_BIN)

#: make bench      measures, side by side with its peers where there are any
bench: all $(BENCH_BIN)
	$(Q)./tests/bench/run $(abspath $(O)) $(ROWS)

#: make lint       format, static analysis, sizes, direction of includes
lint:
	$(Q)./.ci/lint

#: make format     formats every C file
format:
	$(Q)git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format -i

#: make install    DESTDIR= PREFIX=/usr/local
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/doc/sluice
	install $(BIN) $(DESTDIR)$(PREFIX)/bin
	install -m 644 README.md LICENSE docs/*.md $(DESTDIR)$(PREFIX)/share/doc/sluice

#: make clean      removes every build directory
clean:
	rm -rf build build-san build-fuzz
