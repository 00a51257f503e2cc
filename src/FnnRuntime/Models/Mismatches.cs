namespace FeedbackNN;

/// <summary>What may differ between a model and what <see cref="Model.Transfer(string, string, string, Mismatches, Func{string, string?}?)"/> takes weights from.</summary>
[Flags]
public enum Mismatches
{
    /// <summary>Nothing: each tensor has its counterpart, with the same shape.</summary>
    None = 0,

    /// <summary>The model has tensors that the source doesn't have; they stay as they are. A new head on an old body.</summary>
    Missing = 1,

    /// <summary>The source has tensors that the model doesn't have; they are left aside. The old head.</summary>
    Extra = 2,

    /// <summary>Tensors have one name and two shapes; the model's stay as they are.</summary>
    Shape = 4,
}
