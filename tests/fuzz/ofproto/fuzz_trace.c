/* Flows in the datapath's words: any text is read or refused, and what was read is text that the
 * parser of matches reads or refuses. */
#include <stdlib.h>
#include <string.h>

#include "ofproto/match/text.h"
#include "ofproto/xlate/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char *text = malloc(len + 1);
    struct strbuf s = STRBUF_INIT;
    struct ofp_match match;
    uint32_t in_port;

    if (len) {
        memcpy(text, data, len);
    }
    text[len] = '\0';
    if (!ofproto_odp_to_match(text, &s, &in_port, NULL)) {
        ofp_match_parse(strbuf_str(&s), NULL, NULL, &match, NULL);
    }
    strbuf_free(&s);
    free(text);
    return 0;
}
