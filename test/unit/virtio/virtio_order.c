/* The order of a driver's first steps: which clause tells of a step that comes
 * where it must not. Each breach of the tables is one step; here it is what the
 * steps after it are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/support/virtio_driver.h"
#include "test/unit/virtio/virtio_groups.h"

/* 4.2.3.1.1: one access breaks one clause, the next one the other. */
static void a_driver_that_reads_no_identity(void **state)
{
    (void)state;
    rig_start(RIG_BLOCK, VIRTIO_LINT_STRICT, 0);
    driver_write(VIRTIO_REG_STATUS, 0);
    group_only(CLAUSE_MMIO_DRV_026);
    rig_forget();
    driver_read(VIRTIO_REG_STATUS);
    group_only(CLAUSE_MMIO_DRV_027);
    rig_forget();
    driver_read(VIRTIO_REG_STATUS);
    group_silent();
}

/* It goes on as it should have begun: nothing more to tell. */
static void a_driver_that_reads_its_identity_late(void **state)
{
    (void)state;
    rig_start(RIG_BLOCK, VIRTIO_LINT_STRICT, 0);
    driver_read(VIRTIO_REG_DEVICE_ID);
    group_only(CLAUSE_MMIO_DRV_026);
    rig_forget();
    driver_write(VIRTIO_REG_STATUS, 0);
    group_silent();
    rig_start(RIG_BLOCK, VIRTIO_LINT_STRICT, 0);
    driver_write(VIRTIO_REG_STATUS, 0);
    rig_forget();
    driver_go(STAGE_RESET);
    group_silent();
}

static void refused(void)
{
    group_at(RIG_BLOCK, STAGE_DRIVER);
    driver_accept(driver_offered() | UINT64_C(1) << VIRTIO_F_ADMIN_VQ);
    driver_add_status(VIRTIO_STATUS_FEATURES_OK);
    group_only(CLAUSE_FEAT_DRV_005);
    rig_forget();
}

enum {
    FEATURES_OK = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER |
                  VIRTIO_STATUS_FEATURES_OK,
    DRIVER_OK = FEATURES_OK | VIRTIO_STATUS_DRIVER_OK,
};

/* 3.1.1: a driver that does not look whether FEATURES_OK stayed, and writes
 * its own copy of Status, goes on after the refusal. That it writes both bits
 * at once is no fault of its own. */
static void going_on_with_the_refused_bit(void **state)
{
    (void)state;
    for (unsigned read = 0; read < 2; read++) {
        refused();
        if (read != 0) {
            driver_read(VIRTIO_REG_STATUS);
        }
        driver_write(VIRTIO_REG_STATUS, DRIVER_OK);
        group_only(CLAUSE_INIT_DRV_013);
        assert_int_equal(driver_read(VIRTIO_REG_STATUS),
                         FEATURES_OK & ~VIRTIO_STATUS_FEATURES_OK);
    }
}

/* Other features may be tried; that is no way round reading Status. */
static void other_features_after_a_refusal(void **state)
{
    (void)state;
    refused();
    driver_accept(driver_offered());
    driver_write(VIRTIO_REG_STATUS, FEATURES_OK);
    assert_int_equal(driver_read(VIRTIO_REG_STATUS), FEATURES_OK);
    driver_queue_setup(0, 8, true);
    driver_write(VIRTIO_REG_STATUS, DRIVER_OK);
    group_silent();
    /* Both at once, without a refusal before. */
    group_at(RIG_BLOCK, STAGE_FEATURES);
    driver_write(VIRTIO_REG_STATUS, DRIVER_OK);
    group_only(CLAUSE_INIT_DRV_006);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_driver_that_reads_no_identity),
    cmocka_unit_test(a_driver_that_reads_its_identity_late),
    cmocka_unit_test(going_on_with_the_refused_bit),
    cmocka_unit_test(other_features_after_a_refusal),
};

int virtio_order_run(void)
{
    return cmocka_run_group_tests_name("order of the first steps", tests, NULL,
                                       NULL);
}
