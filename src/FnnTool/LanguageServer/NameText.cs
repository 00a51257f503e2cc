using FeedbackNN.Dsl.Names;

namespace FeedbackNN.Tool.LanguageServer;

/// <summary>A name in one line of the language, as hovers and lists show it: <c>h: f32[batch, 128]</c>.</summary>
internal static class NameText
{
    public static string Of(DeclaredName name, NameFacts? facts) => name.Kind switch
    {
        NameKind.Dim => facts is { Type: var value } && !name.Signature.EndsWith("= " + value, StringComparison.Ordinal) ? $"{name.Signature} = {value}" : name.Signature,
        NameKind.Const => facts is { Type: var type } ? $"const {name.Text}: {type}" : name.Signature,
        NameKind.Fn or NameKind.Layer or NameKind.Model or NameKind.Train or NameKind.Generate or NameKind.Pipeline or NameKind.Checkpoint or NameKind.BuiltIn => name.Signature,
        NameKind.Axis => facts is { Type: var size } && size != name.Text ? $"axis {name.Text} = {size}" : $"axis {name.Text}",
        NameKind.Index => facts is { Type: var range } ? $"index {name.Text} from 0 to {range} - 1" : $"index {name.Text}",
        NameKind.Config => facts is { Type: var given } ? $"{name.Text}: {name.Signature} is {given}" : $"{name.Text}: {name.Signature}",
        NameKind.Instance or NameKind.Net => $"{name.Text}{(name.Kind == NameKind.Net ? ": " : " = ")}{facts?.Type ?? name.Signature}",
        NameKind.Param or NameKind.Buffer => $"{name.Kind.ToString().ToLowerInvariant()} {name.Text}: {facts?.Type ?? name.Signature}",
        NameKind.State => $"state {name.Text}: {facts?.Type ?? name.Signature}",
        NameKind.Copies => $"copies {name.Text}",
        NameKind.Metric => facts is { Type: var reported } ? $"metric {name.Text}: {reported}" : $"metric {name.Text}",
        _ => (facts?.Type ?? name.Signature) is { Length: > 0 } known ? $"{name.Text}: {known}" : name.Text,
    };
}
