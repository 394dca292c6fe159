# goals.gnu.mk - see subdir.mk; for GNU make.
MK_FIRST = $(filter deps clean,$(MAKECMDGOALS))

MAKEFLAGS += --no-print-directory
