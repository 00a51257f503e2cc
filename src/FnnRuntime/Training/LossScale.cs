namespace FeedbackNN;

/// <summary>
/// By what the loss of a training in float16 is multiplied, so that its gradients are numbers of that format: as large as goes without overflow. A step whose gradients are not finite is left out and halves it; so many
/// steps without one double it. Micikevicius and others, Mixed Precision Training, 2018 (arXiv:1710.03740), with the numbers of PyTorch's <c>GradScaler</c>. Always a power of two, so that it changes no bits of a
/// gradient that fits.
/// </summary>
internal static class LossScale
{
    /// <summary>Where it begins.</summary>
    public const float First = 65536;

    /// <summary>Gradients that overflow without any scale are a training that has diverged.</summary>
    public const float Least = 1;

    /// <summary>Where gradients are zeros, nothing else would end its growth.</summary>
    public const float Greatest = 16777216;

    /// <summary>So many good steps one after the other double it.</summary>
    public const int GoodSteps = 2000;

    /// <summary>Where in its memory, in floats, the scale is, the good steps since it changed, and, as 1 or 0, whether a step of the update under way overflowed.</summary>
    public const int Scale = 0, Good = 1, Overflowed = 2;

    /// <summary>The length of its memory, in floats.</summary>
    public const int Length = 64;

    /// <summary>What each of its numbers is called in a file.</summary>
    public static readonly string[] Names = ["loss_scale", "loss_scale_good_steps", "loss_scale_overflowed"];
}
