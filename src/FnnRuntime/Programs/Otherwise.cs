using System.ComponentModel;

namespace FeedbackNN;

/// <summary>What happens when an equilibrium is not reached: what a <c>fixed_point</c> says behind <c>else</c>.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public enum Otherwise
{
    /// <summary>The best iterate is taken, and a warning is given.</summary>
    Warn,

    /// <summary>The program stops with a <see cref="NotConvergedException"/>.</summary>
    Fail,

    /// <summary>The best iterate is taken; it is counted and reported to those who listen.</summary>
    Best,
}
