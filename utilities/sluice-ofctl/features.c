/* What a switch says of itself, as text; see ports.h. */
#include "ofproto/codec/group_info.h"
#include "utilities/sluice-ofctl/ports.h"

static const char *const capabilities10[] = {"FLOW_STATS",  "TABLE_STATS", "PORT_STATS",
                                             "STP",         NULL,          "IP_REASM",
                                             "QUEUE_STATS", "ARP_MATCH_IP"};
static const char *const capabilities11[] = {
    "FLOW_STATS", "TABLE_STATS",  "PORT_STATS", "GROUP_STATS",    NULL, "IP_REASM", "QUEUE_STATS",
    NULL,         "PORT_BLOCKED", "BUNDLES",    "FLOW_MONITORING"};

static void put_words(struct strbuf *s, uint32_t bits, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (names[i] && bits & 1u << i) {
            strbuf_printf(s, " %s", names[i]);
        }
    }
}

/* A bit that 1.1 still has. */
#define ARP_MATCH_IP (1u << 7)

void ofports_print_features(struct strbuf *s, enum ofp_version version,
                            const struct ofp_features *f)
{
    strbuf_printf(s, " dpid:%016llx\nn_tables:%u, n_buffers:%u", (unsigned long long)f->datapath_id,
                  f->n_tables, f->n_buffers);
    if (f->auxiliary_id) {
        strbuf_printf(s, ", auxiliary_id:%u", f->auxiliary_id);
    }
    strbuf_puts(s, "\ncapabilities:");
    if (version == OFP10) {
        put_words(s, f->capabilities, capabilities10, ARRAY_SIZE(capabilities10));
        strbuf_puts(s, "\nactions:");
        ofp_action_bits_format(s, OFP10, f->actions);
    } else {
        put_words(s, f->capabilities, capabilities11, ARRAY_SIZE(capabilities11));
        if (version == OFP11 && f->capabilities & ARP_MATCH_IP) {
            strbuf_puts(s, " ARP_MATCH_IP");
        }
    }
}
