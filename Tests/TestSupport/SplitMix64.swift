public import GoldenKit

/// The generator of generated cases serves tests too.
public typealias SplitMix64 = GoldenKit.SplitMix64
