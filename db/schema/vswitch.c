/* The Open_vSwitch schema, db/schema/vswitch.ovsschema, as part of the program: so that a new
 * database can be made with no file to install and none to go missing. The Makefile knows that this
 * file depends on it. */
#include "db/schema/vswitch.h"

__asm__(".section .rodata\n"
        ".balign 16\n"
        ".global db_vswitch_schema_text\n"
        ".type db_vswitch_schema_text, @object\n"
        "db_vswitch_schema_text:\n"
        ".incbin \"db/schema/vswitch.ovsschema\"\n"
        ".byte 0\n"
        ".size db_vswitch_schema_text, . - db_vswitch_schema_text\n"
        ".previous\n");

extern const char db_vswitch_schema_text[];

const char *db_vswitch_schema(void)
{
    return db_vswitch_schema_text;
}
