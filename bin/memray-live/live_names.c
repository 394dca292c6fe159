/* Names of addresses. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <fe_alloc.h>
#include <mt_secret.h>

#include "live_names.h"

#define SLOTS		1024u
#define ASK_MAX		100000u	/* addresses at a time */
#define REST		3u	/* times as long as it took */

void
live_names_init(struct live_names *n, struct live_funcs *funcs)
{
	memset(n, 0, sizeof(*n));
	n->funcs = funcs;
	n->secret = mt_secret();
}

void
live_names_fini(struct live_names *n)
{
	live_lookup_stop(&n->lookup);
	for (size_t i = 0; i < n->nmodules; i++) {
		free(n->module[i].path);
		free(n->module[i].build_id);
		free(n->module[i].note);
	}
	free(n->module);
	free(n->spot);
	free(n->slot);
	free(n->frame);
}

/* ---- Modules and addresses --------------------------------------------- */

uint32_t
live_names_module(struct live_names *n, const char *path,
    const uint8_t *build_id, size_t build_id_len, unsigned kind)
{
	struct live_module *m;

	if (build_id_len == 0)
		return (LIVE_NAMES_NONE);
	for (size_t i = 0; i < n->nmodules; i++) {
		m = &n->module[i];
		if (m->build_id_len == build_id_len && memcmp(m->build_id,
		    build_id, build_id_len) == 0 && strcmp(m->path, path) == 0)
			return ((uint32_t)i);
	}
	n->module = fe_grow(n->module, n->nmodules, sizeof(*n->module),
	    &n->module_cap);
	m = &n->module[n->nmodules];
	m->path = fe_strdup(path);
	m->build_id = fe_alloc(build_id_len, 1, 0);
	memcpy(m->build_id, build_id, build_id_len);
	m->build_id_len = build_id_len;
	n->text += strlen(path) + 1 + build_id_len;
	m->kind = kind;
	m->note = NULL;
	return ((uint32_t)n->nmodules++);
}

/* The slot of an address, or the empty one where it belongs. */
static uint32_t *
slot_of(const struct live_names *n, uint32_t module, uint32_t address)
{
	size_t i = (size_t)mt_secret_fold((uint64_t)module << 32 | address,
	    n->secret);
	const struct live_spot *s;

	for (;; i++) {
		uint32_t *slot = &n->slot[i & (n->nslots - 1)];

		if (*slot == 0)
			return (slot);
		s = &n->spot[*slot - 1];
		if (s->module == module && s->address == address)
			return (slot);
	}
}

/* At most half of the slots are ever taken. */
static void
make_slots(struct live_names *n)
{
	if (n->nspots < n->nslots / 2)
		return;
	n->nslots = n->nslots == 0 ? SLOTS : n->nslots * 2;
	free(n->slot);
	n->slot = fe_alloc(n->nslots, sizeof(*n->slot), 0);
	memset(n->slot, 0, n->nslots * sizeof(*n->slot));
	for (uint32_t i = 0; i < n->nspots; i++)
		*slot_of(n, n->spot[i].module, n->spot[i].address) = i + 1;
}

size_t
live_names_get(struct live_names *n, uint32_t module, uint32_t address,
    const struct live_frame **frame)
{
	const struct live_spot *s;
	uint32_t *slot;

	if (module == LIVE_NAMES_NONE || address == 0)
		return (0);
	make_slots(n);
	slot = slot_of(n, module, address);
	if (*slot == 0) {
		n->spot = fe_grow(n->spot, n->nspots, sizeof(*n->spot),
		    &n->spot_cap);
		n->spot[n->nspots] = (struct live_spot){ .module = module,
		    .address = address };
		*slot = (uint32_t)++n->nspots;
	}
	s = &n->spot[*slot - 1];
	*frame = n->frame + s->first;
	return (s->nframes);
}

const char *
live_names_address(char buf[LIVE_ADDRESS_MAX], uint32_t address)
{
	if (address == 0)
		return ("<unknown>");
	(void)snprintf(buf, LIVE_ADDRESS_MAX, "0x%" PRIx32, address);
	return (buf);
}

bool
live_names_pending(const struct live_names *n)
{
	return (!n->off && n->nknown < n->nspots);
}

/* ---- Answers ----------------------------------------------------------- */

/* The functions that are running at a node, from the outermost on. */
static void
add_frames(struct live_names *n, struct live_spot *s,
    const struct mt_capture *c, uint32_t at)
{
	const struct mt_code *code, *k;
	const struct mt_node *node;
	struct live_frame swap;
	size_t last;

	(void)mt_capture_codes(c, &code);
	(void)mt_capture_nodes(c, &node);
	s->first = (uint32_t)n->nframes;
	for (; at != 0; at = node[at].parent) {
		k = &code[node[at].code];
		n->frame = fe_grow(n->frame, n->nframes, sizeof(*n->frame),
		    &n->frame_cap);
		n->frame[n->nframes].func = live_funcs_get(n->funcs,
		    k->function, k->file);
		n->frame[n->nframes++].line = mt_line_of(k, node[at].offset);
		s->nframes++;
	}
	last = n->nframes;
	for (size_t i = s->first; i + 1 < last; i++) {
		swap = n->frame[--last];
		n->frame[last] = n->frame[i];
		n->frame[i] = swap;
	}
}

/* What was called by its address is that function now. */
static void
add_names(struct live_names *n, struct live_spot *s,
    const struct mt_capture *c, uint32_t at)
{
	const char *path = n->module[s->module].path, *name;
	char buf[LIVE_ADDRESS_MAX];
	const struct mt_code *code;
	const struct mt_node *node;
	uint32_t old;

	(void)mt_capture_codes(c, &code);
	(void)mt_capture_nodes(c, &node);
	name = live_names_address(buf, s->address);
	if (at == 0 || s->nframes > 0 ||
	    strcmp(code[node[at].code].function, name) == 0)
		return;
	add_frames(n, s, c, at);
	old = live_funcs_get(n->funcs, name, path);
	n->funcs->func[old].heir = n->frame[s->first + s->nframes - 1].func;
}

static void
take_notes(struct live_names *n, struct mt_capture *c)
{
	const struct mt_module *m;
	struct mt_error e;
	uint32_t module;
	size_t nmodules;

	if (mt_capture_modules(c, &m, &nmodules, &e) != MT_OK)
		return;
	for (size_t i = 0; i < nmodules; i++) {
		module = live_names_module(n, m[i].path, m[i].build_id,
		    m[i].build_id_len, 0);
		if (module == LIVE_NAMES_NONE || m[i].note == NULL)
			continue;
		free(n->module[module].note);
		n->module[module].note = fe_strdup(m[i].note);
	}
}

/* Each site is one of the addresses, which it tells by its bytes. */
static void
take_answer(struct live_names *n, struct mt_capture *c)
{
	const struct mt_site *site;
	size_t nsites = mt_capture_sites(c, &site);
	uint64_t which;

	for (size_t i = 0; i < nsites; i++) {
		which = site[i].bytes - 1;
		if (which < n->lookup.n)
			add_names(n, &n->spot[n->nknown + which], c,
			    site[i].node);
	}
	take_notes(n, c);
}

/* ---- Questions --------------------------------------------------------- */

static uint64_t
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return ((uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000);
}

static void
complain(struct live_names *n, const char *trouble)
{
	if (n->trouble[0] == '\0')
		(void)snprintf(n->trouble, sizeof(n->trouble), "%s", trouble);
}

/* What cannot be had is not asked for again. */
static void
ask(struct live_names *n)
{
	size_t some = n->nspots - n->nknown;
	char trouble[LIVE_TROUBLE_MAX];

	if (some > ASK_MAX)
		some = ASK_MAX;
	n->lookup.asked_ms = now_ms();
	if (live_lookup_ask(n, some, trouble))
		return;
	complain(n, trouble);
	n->nknown += some;
}

/* Returns whether there are names. */
static bool
hear(struct live_names *n)
{
	const uint64_t now = now_ms();
	char trouble[LIVE_TROUBLE_MAX];
	struct mt_capture *c;
	enum live_answer a = live_lookup_answer(&n->lookup, &c, trouble);

	if (a == LIVE_ANSWER_NONE)
		return (false);
	n->lookup.rest_ms = now + REST * (now - n->lookup.asked_ms);
	if (a == LIVE_ANSWER_CAME) {
		take_answer(n, c);
		mt_capture_close(c);
	} else {
		complain(n, trouble);
	}
	n->nknown += n->lookup.n;
	return (a == LIVE_ANSWER_CAME);
}

bool
live_names_step(struct live_names *n, bool at_once)
{
	if (!live_names_pending(n))
		return (false);
	if (n->lookup.pid != 0)
		return (hear(n));
	if (at_once || now_ms() >= n->lookup.rest_ms)
		ask(n);
	return (false);
}
