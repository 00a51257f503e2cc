namespace FeedbackNN.Text;

/// <summary>A text that belongs together: a message, an article, a file.</summary>
/// <param name="Text">What it says.</param>
/// <param name="Label">What somebody has said about it, such as its class; null where nobody has.</param>
/// <param name="Source">Where it comes from, for messages: a file, with the line where there is one.</param>
public sealed record Document(string Text, string? Label = null, string Source = "");
