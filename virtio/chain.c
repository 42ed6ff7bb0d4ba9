/* Reports of broken chains, for both layouts; see the header. */
#include "virtio/chain.h"

__attribute__((noinline, cold)) bool
virtio_chain_fail(struct virtio_queue *queue, uint32_t element,
                  enum clause_id id, const char *summary, const char *name,
                  uint64_t value)
{
    if (!ring_violation(queue, id, .verdict = VIRTIO_VERDICT_NEEDS_RESET,
                        .tolerant = VIRTIO_VERDICT_DROPPED, .summary = summary,
                        .values = {{"head", queue->chain.head},
                                   {"element", element},
                                   {name, value}})) {
        return false;
    }
    virtio_device_needs_reset(queue->device);
    return true;
}

__attribute__((noinline, cold)) void
virtio_chain_exceeds(struct virtio_queue *queue, uint32_t elements,
                     enum clause_id id)
{
    ring_violation(queue, id, .arguable = true, .verdict = VIRTIO_VERDICT_TAKEN,
                   .summary = "the chain has more elements than the queue",
                   .values = {{"head", queue->chain.head},
                              {"elements", elements},
                              {"QueueSize", queue->size}});
}
