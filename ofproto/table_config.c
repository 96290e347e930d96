/* The settings that the database makes for flow tables (its table Flow_Table), beside those that
 * controllers make. Called by vswitchd. Control thread. */
#include <errno.h>

#include "ofproto/bridge.h"
#include "ofproto/codec/action_text.h"
#include "ofproto/codec/flow_removed.h"
#include "ofproto/xlate/xlate.h"

/* --- Checks. */

int ofproto_check_table_group(const char *text, struct error *err)
{
    struct ofp_subfield sub;

    ofp_tlv_map_use(NULL); /* Controllers map options of tunnels, and not for the database. */
    return ofp_subfield_parse(text, &sub, err);
}

/* -1: it has no trie. */
static int trie_of(const char *name)
{
    const struct ofp_field *f = ofp_field_by_any_name(name, strlen(name));

    for (int i = 0; f && f->is_trie && i < N_TRIE_FIELDS; i++) {
        if (trie_fields[i].offset == f->offset) {
            return i;
        }
    }
    return -1;
}

int ofproto_check_table_prefix(const char *text, struct error *err)
{
    if (!strcmp(text, "none") || trie_of(text) >= 0) {
        return 0;
    }
    return error_set(err, EINVAL,
                     "'%.40s' is no field that is looked up by prefixes: ip_src, ip_dst, ipv6_src, "
                     "ipv6_dst, and ports of TCP, UDP and SCTP are, or 'none'",
                     text);
}

/* --- Settings. */

/* The bits of a part of a field. */
static void add_bits(const char *text, struct ofp_match *match)
{
    uint8_t ones[OFP_FIELD_MAX_BYTES], value[OFP_FIELD_MAX_BYTES], mask[OFP_FIELD_MAX_BYTES];
    struct ofp_subfield sub;

    ofp_tlv_map_use(NULL);
    if (!ofp_subfield_parse(text, &sub, NULL)) {
        struct ofp_match one;

        memset(ones, 0xff, sizeof ones);
        ofp_match_init(&one);
        xlate_place_subfield(&sub, ones, value, mask);
        ofp_match_set_field(&one, ofp_field((enum ofp_field_id)sub.field), value, mask);
        for (unsigned int i = 0; i < OFP_FLOW_WORDS; i++) {
            match->mask.u64[i] |= one.mask.u64[i];
        }
    }
}

static void set_fair(struct ofp_table *table, const struct ofproto_table_config *config)
{
    struct ofp_match match;

    if (!config->evict || !config->n_groups) {
        ofp_table_set_fair(table, NULL);
        return;
    }
    ofp_match_init(&match);
    for (size_t i = 0; i < config->n_groups; i++) {
        add_bits(config->groups[i], &match);
    }
    ofp_table_set_fair(table, &match.mask);
}

static unsigned int tries_of(const struct ofproto_table_config *config)
{
    unsigned int tries = 0;

    if (!config->n_prefixes) {
        return CLASSIFIER_ALL_TRIES;
    }
    for (size_t i = 0; i < config->n_prefixes; i++) {
        int trie = trie_of(config->prefixes[i]);

        tries |= trie >= 0 ? 1u << trie : 0;
    }
    return tries;
}

/* What is too much goes, as far as it may. */
static void shrink(struct ofproto *bridge, struct ofp_table *table)
{
    while (table->eviction && table->cls.n_rules > table->max_rules) {
        struct ofp_rule *rule = eviction_choose(table->eviction);

        if (!rule) {
            break;
        }
        bridge_remove_rule_told(bridge, rule, OFPRR_EVICTION, time_now_ms());
    }
    bridge_tell_removed(bridge);
}

void ofproto_configure_table(struct ofproto *bridge, unsigned int table_id,
                             const struct ofproto_table_config *config)
{
    static const struct ofproto_table_config none;
    struct ofp_table *table;
    unsigned int evicts;

    if (!config && !bridge->tables[table_id]) {
        return;
    }
    config = config ? config : &none;
    table = bridge_table(bridge, table_id);
    if (table->name_is_fixed || config->name) {
        ofp_table_set_name(table, config->name);
        table->name_is_fixed = config->name != NULL;
    }
    table->max_rules = config->has_limit ? config->max_rules : OFP_TABLE_MAX_RULES;
    table->cls.tries_used = tries_of(config);
    set_fair(table, config);
    evicts = table->evicts & ~(unsigned int)OFP_TABLE_EVICTS_BY_DB;
    ofp_table_set_eviction(table, evicts | (config->evict ? OFP_TABLE_EVICTS_BY_DB : 0u),
                           table->eviction_flags);
    shrink(bridge, table);
}
