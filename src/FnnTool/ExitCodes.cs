namespace FeedbackNN.Tool;

/// <summary>What the commands return.</summary>
internal static class ExitCodes
{
    public const int Success = 0;

    /// <summary>The files have errors, or, when formatting is checked, another form.</summary>
    public const int FoundErrors = 1;

    /// <summary>The command line can't be followed: a path that does not exist, a name that nothing has.</summary>
    public const int BadArguments = 2;
}
