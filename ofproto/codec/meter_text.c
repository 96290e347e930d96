/* Meters as people write them and are shown them, in ovs-ofctl's syntax; see meter_mod.h. For
 * command-line programs; control thread. */
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "lib/util.h"
#include "ofproto/codec/meter_mod.h"

static const struct {
    const char *name;
    uint32_t id;
} virtual_meters[] = {
    {"all", OFP_METER_ALL}, {"controller", OFP_METER_CONTROLLER}, {"slowpath", OFP_METER_SLOWPATH}};

static const char *const flag_names[] = {"kbps", "pktps", "burst", "stats"};
static const char *const type_names[] = {
    [OFP_BAND_DROP] = "drop", [OFP_BAND_DSCP_REMARK] = "dscp_remark"};

bool ofp_meter_id_parse(const char *text, bool may_be_all, uint32_t *ret)
{
    uint64_t id;

    for (size_t i = may_be_all ? 0 : 1; i < ARRAY_SIZE(virtual_meters); i++) {
        if (!strcasecmp(text, virtual_meters[i].name)) {
            *ret = virtual_meters[i].id;
            return true;
        }
    }
    if (!parse_u64(text, OFP_METER_MAX, &id) || !id) {
        return false;
    }
    *ret = (uint32_t)id;
    return true;
}

void ofp_meter_id_format(struct strbuf *s, uint32_t meter_id)
{
    for (size_t i = 0; i < ARRAY_SIZE(virtual_meters); i++) {
        if (meter_id == virtual_meters[i].id) {
            strbuf_puts(s, virtual_meters[i].name);
            return;
        }
    }
    strbuf_printf(s, "%u", meter_id);
}

void ofp_meter_config_format(struct strbuf *s, const struct ofp_meter_config *config)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(flag_names); i++) {
        if (config->flags & 1u << i) {
            strbuf_printf(s, "%s ", flag_names[i]);
        }
    }
    strbuf_puts(s, "bands=");
    for (unsigned int i = 0; i < config->n; i++) {
        const struct ofp_band *b = &config->band[i];

        strbuf_printf(s, "\ntype=%s rate=%u", type_names[b->type], b->rate);
        if (config->flags & OFP_METER_BURST) {
            strbuf_printf(s, " burst_size=%u", b->burst);
        }
        if (b->type == OFP_BAND_DSCP_REMARK) {
            strbuf_printf(s, " prec_level=%u", b->prec_level);
        }
    }
    strbuf_putc(s, '\n');
}

/* --- Parsing. */

/* The next of the words that commas or spaces part: NULL at the end. '*ret_value' is what stands
 * behind its '=', or NULL. */
static char *next_word(char **s, char **ret_value)
{
    char *word = strtok_r(NULL, ", \t\r\n", s), *equals;

    *ret_value = NULL;
    equals = word ? strchr(word, '=') : NULL;
    if (equals) {
        *equals = '\0';
        *ret_value = equals + 1;
    }
    return word;
}

static int take_number(const char *word, const char *value, uint64_t max, uint64_t *ret,
                       struct error *err)
{
    if (!value || !parse_u64(value, max, ret)) {
        return error_set(err, EINVAL, "meter: band: '%s': '%s' is not a number of at most %llu",
                         word, value ? value : "", (unsigned long long)max);
    }
    return 0;
}

static int take_type(const char *value, struct ofp_band *b, struct error *err)
{
    for (uint16_t type = OFP_BAND_DROP; type <= OFP_BAND_DSCP_REMARK; type++) {
        if (value && !strcmp(value, type_names[type])) {
            b->type = type;
            return 0;
        }
    }
    return error_set(err, EINVAL, "meter: band: type '%s' is neither 'drop' nor 'dscp_remark'",
                     value ? value : "");
}

static int take_band_word(const char *word, const char *value, struct ofp_band *b,
                          struct error *err)
{
    uint64_t n = 0;
    int rc;

    if (!strcmp(word, "rate")) {
        rc = take_number(word, value, UINT32_MAX, &n, err);
        b->rate = (uint32_t)n;
    } else if (!strcmp(word, "burst_size")) {
        rc = take_number(word, value, UINT32_MAX, &n, err);
        b->burst = (uint32_t)n;
    } else if (!strcmp(word, "prec_level")) {
        rc = take_number(word, value, UINT8_MAX, &n, err);
        b->prec_level = (uint8_t)n;
    } else {
        rc = error_set(err, EINVAL, "meter: band: '%s' is unknown", word);
    }
    return rc;
}

static int check_band(const struct ofp_meter_config *config, const struct ofp_band *b,
                      struct error *err)
{
    if (!b->rate) {
        return error_set(err, EINVAL, "meter: a band needs a 'rate'");
    }
    if (config->flags & OFP_METER_BURST && !b->burst) {
        return error_set(err, EINVAL, "meter: with 'burst' a band needs a 'burst_size'");
    }
    if (b->prec_level && b->type != OFP_BAND_DSCP_REMARK) {
        return error_set(err, EINVAL, "meter: only a band of type dscp_remark has a 'prec_level'");
    }
    return 0;
}

/* "type=drop,rate=1000 type=...": each begins with its type. */
static int parse_bands(char *text, struct ofp_meter_config *config, struct error *err)
{
    char *save = text, *value, *word;
    int rc = 0;

    while (!rc && (word = next_word(&save, &value))) {
        if (!strcmp(word, "type")) {
            if (config->n == OFP_METER_MAX_BANDS) {
                return error_set(err, EINVAL, "meter: more than %d bands", OFP_METER_MAX_BANDS);
            }
            rc = take_type(value, &config->band[config->n++], err);
        } else if (!config->n) {
            rc = error_set(err, EINVAL, "meter: band: '%s' comes before its 'type'", word);
        } else {
            rc = take_band_word(word, value, &config->band[config->n - 1], err);
        }
    }
    for (unsigned int i = 0; i < config->n && !rc; i++) {
        rc = check_band(config, &config->band[i], err);
    }
    return rc;
}

static bool take_flag(const char *word, struct ofp_meter_config *config)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(flag_names); i++) {
        if (!strcmp(word, flag_names[i])) {
            config->flags |= (uint16_t)(1u << i);
            return true;
        }
    }
    return false;
}

static int parse_head(char *text, struct ofp_meter_mod *mod, bool *ret_has_id, struct error *err)
{
    bool is_delete = mod->command == OFP_METER_DELETE;
    char *save = text, *value, *word;

    while ((word = next_word(&save, &value))) {
        if (!strcmp(word, "meter")) {
            if (!value || !ofp_meter_id_parse(value, true, &mod->meter_id)) {
                return error_set(err, EINVAL,
                                 "meter: '%s' is neither a number of 1 to %u nor 'controller' nor "
                                 "'slowpath'",
                                 value ? value : "", OFP_METER_MAX);
            }
            *ret_has_id = true;
        } else if (value || is_delete || !take_flag(word, &mod->config)) {
            return error_set(err, EINVAL, "meter: '%s' is unknown%s", word,
                             is_delete ? " where a meter is named" : "");
        }
    }
    return 0;
}

static int check(const struct ofp_meter_mod *mod, bool has_id, struct error *err)
{
    const uint16_t both = OFP_METER_KBPS | OFP_METER_PKTPS;

    if (!has_id) {
        return error_set(err, EINVAL, "meter: 'meter=NUMBER' is missing");
    }
    if (mod->command == OFP_METER_DELETE) {
        return 0;
    }
    if (!(mod->config.flags & both) || (mod->config.flags & both) == both) {
        return error_set(err, EINVAL, "meter: one of 'kbps' and 'pktps' is needed");
    }
    if (!mod->config.n) {
        return error_set(err, EINVAL, "meter: 'bands=type=...' is missing");
    }
    return 0;
}

int ofp_meter_mod_parse(const char *text, struct ofp_meter_mod *ret, struct error *err)
{
    struct ofp_meter_mod mod = {.command = ret->command};
    char *copy = xstrdup(text), *bands = NULL;
    bool has_id = false;
    int rc;

    if (mod.command != OFP_METER_DELETE) {
        bands = strstr(copy, "bands=");
    }
    if (bands) {
        *bands = '\0';
        bands += strlen("bands=");
    }
    rc = parse_head(copy, &mod, &has_id, err);
    if (!rc && bands) {
        rc = parse_bands(bands, &mod.config, err);
    }
    rc = rc ? rc : check(&mod, has_id, err);
    free(copy);
    if (!rc) {
        *ret = mod;
    }
    return rc;
}
