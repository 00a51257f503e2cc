namespace FeedbackNN.Dsl.Planning;

/// <summary>Why a value is in memory between two steps, and not made and used by one kernel.</summary>
public enum StorageReason
{
    /// <summary>A matrix product reads it, every element many times.</summary>
    Product,

    /// <summary>A step that is no kernel makes or reads it: a gather, a concatenation, a check.</summary>
    OtherStep,

    /// <summary>A loop takes it from outside, or carries it from round to round.</summary>
    Loop,

    /// <summary>It is the parts of a sum over rows, which the next step adds.</summary>
    Parts,

    /// <summary>It is read under another shape.</summary>
    Reshaped,

    /// <summary>It is made in the forward half and read in the backward one.</summary>
    OtherHalf,

    /// <summary>It is made or read on the tiles of a matrix product, and the other side is not.</summary>
    ProductTiles,

    /// <summary>Its reader goes over other rows and columns.</summary>
    OtherLoops,

    /// <summary>One of both sums over rows, and not over all of those that they share.</summary>
    OtherSums,

    /// <summary>One kernel of both would have more values than registers can hold.</summary>
    KernelSize,

    /// <summary>Its reader needs other elements of it than the one that is being made: a shifted or a transposed one, or a whole sum.</summary>
    OtherElements,

    /// <summary>Its reader also waits for another step, which waits for it.</summary>
    Between,
}
