/// Defects of the published checkpointers, each to be switched on by itself. What follows from one is not written
/// anywhere: it is what kernel, core and the component make of it.
public enum CheckpointerFault: String, Hashable, Sendable, CaseIterable {
  /// Of an incremental dataspace only the first designated dataspace is looked at, while all are detached: an `if` where
  /// a loop is needed (master, checkpointer.cc:1229).
  case firstDesignatedOnly = "first-designated-only"
  /// A restore copies from the child into the checkpoint: source and target exchanged (master, restorer.cc:1364).
  case wrongCopyDirection = "wrong-copy-direction"
  /// The checkpointer pauses through its own interposed threads, which record that the child is paused (master,
  /// cpu_session.cc:90).
  case ownPauseRecorded = "own-pause-recorded"
  /// The call that resumes the child after a checkpoint is commented out (master, checkpointer.cc:1465).
  case resumeForgotten = "resume-forgotten"
  /// The address behind a region is taken for a part of it (attached_region_info.h:71).
  case inclusiveRegionEnd = "inclusive-region-end"
  /// Every region is attached from the start of its dataspace (fixing_restore, restorer.cc:897).
  case offsetIgnored = "offset-ignored"
  /// A timer starts with its whole timeout, not with what was left of it (restorer.cc:1058).
  case timerRearmedInFull = "timer-rearmed-in-full"
  /// Sessions and threads are made again without their affinity, up to the multicore branch.
  case affinityDropped = "affinity-dropped"
  /// Threads are made again and started in the order of a list that grew at its head. The first one made gets the first
  /// UTCB and the first slots, whoever had them before.
  case startOrderReversed = "start-order-reversed"
  /// Pages stay mapped when their designated dataspace is detached; needs a core that behaves so
  /// (`GenodeRelease.losesUnmapThroughMaps`). Models what was reported as a bug of Fiasco.OC in December 2016.
  case unmapLost = "unmap-lost"
}
