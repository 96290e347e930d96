/* Text to matches; see text.h. */
#include "ofproto/match/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "ofproto/match/protocol.h"
#include "ofproto/match/tlv_map.h"

#define WORD_MAX 640 /* An option of a tunnel under a mask has 4 * 124 digits. */

struct parse {
    ofp_port_lookup *lookup;
    void *aux;
    struct ofp_match match;
    bool used[OFP_N_FIELDS];
    bool generic[OFP_N_FIELDS]; /* By a name that other protocols have too: tp_src, nw_src. */
    struct error *err;
};

static void number_put(uint64_t x, uint8_t *v, unsigned int n)
{
    for (unsigned int i = 0; i < n; i++) {
        v[n - 1 - i] = (uint8_t)(x >> 8 * i);
    }
}

static bool parse_mac(const char *text, uint8_t v[OFP_FIELD_MAX_BYTES])
{
    unsigned int b[6];
    int end = 0;

    if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &end) !=
            6 ||
        text[end]) {
        return false;
    }
    for (unsigned int i = 0; i < 6; i++) {
        v[i] = (uint8_t)b[i];
    }
    return true;
}

static bool parse_frag(const char *value, uint8_t v[OFP_FIELD_MAX_BYTES],
                       uint8_t m[OFP_FIELD_MAX_BYTES])
{
    static const struct {
        const char *word;
        uint8_t value, mask;
    } words[] = {
        {"no", 0, 3}, {"yes", 1, 1}, {"first", 1, 3}, {"later", 3, 3}, {"not_later", 0, 2}};

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (!strcmp(value, words[i].word)) {
            v[0] = words[i].value;
            m[0] = words[i].mask;
            return true;
        }
    }
    return false;
}

static bool parse_port(const struct parse *p, const char *value, uint8_t v[OFP_FIELD_MAX_BYTES])
{
    uint32_t port;
    uint64_t x;

    if (!strcmp(value, "LOCAL") || !strcmp(value, "local")) {
        x = 0xfffe;
    } else if (!strcmp(value, "ANY") || !strcmp(value, "NONE")) {
        x = 0xffff;
    } else if (parse_u64(value, UINT32_MAX, &x)) {
        if (x > 0xffff && x < 0xffffff00) {
            return false; /* No port has such a number: ports have 16 bits, on the wire in 32. */
        }
        x &= 0xffff;
    } else {
        if (!p->lookup || !p->lookup(value, &port, p->aux)) {
            return false;
        }
        x = port;
    }
    number_put(x, v, 4);
    return true;
}

/* Hexadecimal, of more than 64 bits. */
static bool parse_long(const char *text, uint8_t v[OFP_FIELD_MAX_BYTES], unsigned int n)
{
    size_t digits = strlen(text);

    if (digits < 3 || text[0] != '0' || (text[1] | 0x20) != 'x' || digits - 2 > 2 * n ||
        strspn(text + 2, "0123456789abcdefABCDEF") != digits - 2) {
        return false;
    }
    for (size_t i = 0; i < digits - 2; i++) {
        char digit[2] = {text[digits - 1 - i], '\0'};

        v[n - 1 - i / 2] |= (uint8_t)(strtoul(digit, NULL, 16) << 4 * (i % 2));
    }
    return true;
}

/* Of an option of a tunnel: it may be longer than the number. */
static bool parse_option(const char *text, uint8_t *v, unsigned int n)
{
    uint8_t bytes[8] = {0};
    uint64_t x;

    if (!parse_u64(text, UINT64_MAX, &x)) {
        return parse_long(text, v, n);
    }
    number_put(x, bytes, sizeof bytes);
    for (unsigned int i = 0; i < sizeof bytes; i++) {
        if (i < n) {
            v[n - 1 - i] = bytes[sizeof bytes - 1 - i];
        } else if (bytes[sizeof bytes - 1 - i]) {
            return false;
        }
    }
    return true;
}

/* "(1,0x894f)". */
static bool parse_packet_type(const char *text, uint8_t v[16])
{
    char copy[32], *comma, *end;
    uint64_t space, type;
    size_t len = strlen(text);

    if (len < 2 || len > sizeof copy || text[0] != '(' || text[len - 1] != ')') {
        return false;
    }
    memcpy(copy, text + 1, len - 2);
    end = copy + len - 2;
    *end = '\0';
    comma = strchr(copy, ',');
    if (!comma) {
        return false;
    }
    *comma = '\0';
    if (!parse_u64(copy, UINT16_MAX, &space) ||
        !parse_u64(comma + 1 + strspn(comma + 1, " "), UINT16_MAX, &type)) {
        return false;
    }
    number_put(space << 16 | type, v, 4);
    return true;
}

/* One side of "value/mask". */
static bool parse_side(const struct parse *p, const struct ofp_field *f, const char *text,
                       uint8_t v[OFP_FIELD_MAX_BYTES])
{
    uint64_t max = f->n_bits >= 64 ? UINT64_MAX : (UINT64_C(1) << f->n_bits) - 1, x;

    switch (f->form) {
    case OFP_FORM_MAC: return parse_mac(text, v);
    case OFP_FORM_IPV4: return inet_pton(AF_INET, text, v) == 1;
    case OFP_FORM_IPV6: return inet_pton(AF_INET6, text, v) == 1;
    case OFP_FORM_PORT: return parse_port(p, text, v);
    case OFP_FORM_PACKET_TYPE:
        if (parse_packet_type(text, v)) {
            return true;
        }
        /* Fall through. */
    case OFP_FORM_FRAG:
    case OFP_FORM_DECIMAL:
    case OFP_FORM_HEX:
        if (ofp_field_is_tlv(f)) {
            return parse_option(text, v, f->n_bytes);
        }
        if (f->n_bytes > 8) {
            return parse_long(text, v, f->n_bytes);
        }
        if (!parse_u64(text, max, &x)) {
            return false;
        }
        number_put(x, v, f->n_bytes);
        return true;
    }
    return false;
}

static bool parse_mask(const struct parse *p, const struct ofp_field *f, const char *text,
                       uint8_t m[OFP_FIELD_MAX_BYTES])
{
    uint64_t len;

    if ((f->form == OFP_FORM_IPV4 || f->form == OFP_FORM_IPV6) &&
        parse_u64(text, f->n_bits, &len)) {
        memset(m, 0, f->n_bytes);
        for (unsigned int i = 0; i < len; i++) {
            m[i / 8] |= (uint8_t)(0x80 >> i % 8);
        }
        return true;
    }
    return parse_side(p, f, text, m);
}

bool ofp_field_parse(const struct ofp_field *f, const char *text, ofp_port_lookup *lookup,
                     void *aux, uint8_t v[OFP_FIELD_MAX_BYTES], uint8_t m[OFP_FIELD_MAX_BYTES])
{
    const struct parse p = {.lookup = lookup, .aux = aux};
    const char *slash = strchr(text, '/');
    char side[WORD_MAX];
    size_t len = slash ? (size_t)(slash - text) : strlen(text);

    memset(v, 0, OFP_FIELD_MAX_BYTES);
    memset(m, slash ? 0 : 0xff, OFP_FIELD_MAX_BYTES);
    if (len >= sizeof side) {
        return false;
    }
    memcpy(side, text, len);
    side[len] = '\0';
    if (!parse_side(&p, f, side, v) || (slash && !parse_mask(&p, f, slash + 1, m))) {
        return false;
    }
    for (unsigned int i = 0; i < f->n_bytes; i++) {
        v[i] &= m[i];
    }
    return true;
}

/* "dl_vlan=0xffff" and "vlan_vid=0" say that there is no tag; OXM's vlan_vid has the bit 0x1000. */
static bool parse_vlan(struct parse *p, const char *name, const char *value)
{
    struct ofp_match *match = &p->match;
    uint64_t x;

    if (!parse_u64(value, UINT16_MAX, &x)) {
        return false;
    }
    if (!strcmp(name, "vlan_vid") ? x == 0 : x == 0xffff) {
        OFP_MATCH_SET(match, pkt.vlan[0].tci, 0);
        return true;
    }
    if (!strcmp(name, "vlan_vid")) {
        x &= ~(uint64_t)FLOW_VLAN_PRESENT;
    }
    if (x > 4095) {
        return false;
    }
    match->flow.pkt.vlan[0].tci |= be16_make((uint16_t)(x | FLOW_VLAN_PRESENT));
    match->mask.pkt.vlan[0].tci |= be16_make(0xfff | FLOW_VLAN_PRESENT);
    return true;
}

static int parse_field(struct parse *p, const char *name, char *value)
{
    const struct ofp_field *f = ofp_field_by_name(name, strlen(name));
    uint8_t v[OFP_FIELD_MAX_BYTES] = {0}, m[OFP_FIELD_MAX_BYTES];
    char *slash = strchr(value, '/');
    bool ok;

    if (!f) {
        return error_set(p->err, EINVAL, "'%s=%s': '%s' is not a field", name, value, name);
    }
    if (!ofp_field_is_mapped(f)) {
        return error_set(p->err, EINVAL, "field '%s': no option is mapped to it; see 'add-tlv-map'",
                         name);
    }
    if (p->used[f->id] || (f->id != OFP_FIELD_VLAN_PCP && f->id != OFP_FIELD_VLAN_VID &&
                           ofp_field_any(f, &p->match.mask))) {
        return error_set(p->err, EINVAL, "field '%s': it is already set by a word before", name);
    }
    p->used[f->id] = true;
    p->generic[f->id] = !strncmp(name, "tp_", 3) || !strncmp(name, "nw_", 3) ||
                        !strncmp(name, "icmp_", 5);
    memset(m, 0xff, sizeof m);
    if (f->id == OFP_FIELD_VLAN_VID && !slash) {
        ok = parse_vlan(p, name, value);
        if (ok) {
            return 0;
        }
    } else if (f->form == OFP_FORM_FRAG && parse_frag(value, v, m)) {
        ok = true;
    } else {
        if (slash) {
            *slash = '\0';
            memset(m, 0, sizeof m);
        }
        ok = parse_side(p, f, value, v) && (!slash || parse_mask(p, f, slash + 1, m));
        if (slash) {
            *slash = '/';
        }
    }
    if (!ok) {
        return error_set(p->err, EINVAL, "field '%s': '%s' is not a valid value for it", name,
                         value);
    }
    if (slash && !f->is_maskable) {
        return error_set(p->err, EINVAL, "field '%s': '%s': it cannot be matched under a mask",
                         name, value);
    }
    ofp_match_set_field(&p->match, f, v, m);
    return 0;
}

/* A name such as tp_src or nw_src stands for whichever field of that place has its prerequisite. */
static int check_prerequisites(const struct parse *p)
{
    for (unsigned int i = 0; i < OFP_N_FIELDS; i++) {
        const struct ofp_field *f = ofp_field((enum ofp_field_id)i);
        bool holds = false;

        if (!p->used[i]) {
            continue;
        }
        for (unsigned int j = 0; j < OFP_N_FIELDS && !holds; j++) {
            const struct ofp_field *g = ofp_field((enum ofp_field_id)j);

            holds = (g == f || (p->generic[i] && g->offset == f->offset && g->n_bits == f->n_bits &&
                                g->shift == f->shift)) &&
                    ofp_prereq_match(g->prereq, &p->match);
        }
        if (!holds) {
            return error_set(p->err, EINVAL,
                             "field '%s': the match does not name the protocol that has it; add a "
                             "word such as 'ip', 'tcp' or 'arp'",
                             f->name);
        }
    }
    return 0;
}

/* "arp,nw_proto=2": OpenFlow 1.0 has ARP's opcode in place of the protocol. */
static int take_opcode(struct parse *p)
{
    struct ofp_match *match = &p->match;

    if (!p->used[OFP_FIELD_NW_PROTO] || !ofp_prereq_match(OFP_PREREQ_ARP, match)) {
        return 0;
    }
    if (p->used[OFP_FIELD_ARP_OP]) {
        return error_set(p->err, EINVAL, "field 'nw_proto': with 'arp' it is the same as 'arp_op'");
    }
    OFP_MATCH_SET(match, pkt.tp_src, be16_make(match->flow.pkt.nw_proto));
    match->flow.pkt.nw_proto = match->mask.pkt.nw_proto = 0;
    p->used[OFP_FIELD_NW_PROTO] = false;
    return 0;
}

static bool is_option(const char *name)
{
    const struct ofp_field *f = ofp_field_by_name(name, strlen(name));

    return f && ofp_field_is_tlv(f);
}

static int parse_word(struct parse *p, char *word)
{
    char *eq = strchr(word, '=');
    int rc;

    if (!eq && is_option(word)) { /* It is there, whatever it is. */
        char anything[] = "0/0";

        return parse_field(p, word, anything);
    }
    if (!eq) {
        if (p->match.mask.pkt.eth_type) {
            return error_set(p->err, EINVAL, "'%s': the protocol is already set by a word before",
                             word);
        }
        if (!strcmp(word, "eth") || ofp_protocol_set(word, strlen(word), &p->match)) {
            return 0;
        }
        return error_set(p->err, EINVAL, "'%s' is neither FIELD=VALUE nor a protocol's name", word);
    }
    *eq = '\0';
    rc = parse_field(p, word, eq + 1);
    *eq = '=';
    return rc;
}

size_t ofp_match_word_len(const char *text)
{
    size_t len = strcspn(text, ", \t\r\n("), in = 0;

    if (text[len] == '(') { /* What stands in parentheses belongs together. */
        in = strcspn(text + len, ")\n");
        len += in + (text[len + in] == ')');
        len += strcspn(text + len, ", \t\r\n");
    }
    return len;
}

int ofp_match_parse(const char *text, ofp_port_lookup *lookup, void *aux, struct ofp_match *ret,
                    struct error *err)
{
    struct parse p = {.lookup = lookup, .aux = aux, .err = err};
    char word[WORD_MAX];
    int rc = 0;

    ofp_match_init(&p.match);
    while (!rc) {
        size_t len;

        text += strspn(text, ", \t\n");
        len = ofp_match_word_len(text);
        if (!len) {
            break;
        }
        if (len >= sizeof word) {
            return error_set(err, EINVAL, "'%.40s...': a word of more than %d characters", text,
                             WORD_MAX - 1);
        }
        memcpy(word, text, len);
        word[len] = '\0';
        text += len;
        rc = parse_word(&p, word);
    }
    if (!rc) {
        rc = take_opcode(&p);
    }
    if (!rc) {
        rc = check_prerequisites(&p);
    }
    if (!rc) {
        ofp_match_normalize(&p.match);
        *ret = p.match;
    }
    return rc;
}
