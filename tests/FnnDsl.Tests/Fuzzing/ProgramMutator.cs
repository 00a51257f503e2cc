using System.Text;
using System.Text.RegularExpressions;

namespace FeedbackNN.Dsl.Tests.Fuzzing;

/// <summary>
/// Makes programs that nobody would write out of programs that somebody has written. Most edits take a token or a line for another of the same kind, so that the
/// result often still parses and the binder has something to think about; the rest break the text at any character.
/// </summary>
internal sealed partial class ProgramMutator(Random random, IReadOnlyList<string> programs)
{
    private static readonly string[] Numbers =
    [
        "0", "1", "2", "3", "-1", "0.0", "0.5", "1e-3", "1e308", "1e-320", "1e999", "4096", "65536", "2147483647", "2147483648", "4294967296",
        "9007199254740993", "9223372036854775807", "9223372036854775808", "99999999999999999999999999", "1_000", "0x10", "1.", ".5", "inf", "pi",
    ];

    private static readonly string[] Words =
    [
        "as", "if", "and", "or", "not", "return", "else", "where", "with", "over", "every", "named", "for", "sum", "mean", "max", "argmax", "param", "buffer", "repeat", "minimize",
        "metric", "clip", "freeze", "namespace", "dim", "fn", "layer", "model", "train", "feedback", "emit", "in", "along", "times", "until", "at_most", "to", "fixed_point", "halt",
        "reverse", "lengths", "truncate", "checkpoint", "f32", "f64", "i32", "i64", "bool", "real", "int", "x", "y", "batch", "linear", "relu", "softmax", "select", "concat",
        "split", "pad", "zeros", "normal", "stop", "grad", "training", "true", "inf", "net", "sgd", "adam", "self", "T", "shape", "residual",
    ];

    private static readonly string[] Signs =
    [
        "(", ")", "[", "]", "{", "}", ",", ":", ";", ".", "...", "=", "<-", "->", "|>", "+", "-", "*", "/", "@", "%", "^", "<", "<=", "==", "!=", ".T", "//", "///", "\"", "\"s\"",
        "**", "&&", "!", "$", "#", "/*", "*/", "\\", "'", "\n", "\r\n", "\r", "\t", " ",
    ];

    /// <summary>Characters that a file can hold and that no one expects: broken surrogates, marks without a width, breaks that are none here.</summary>
    private static readonly string[] Oddities =
    [
        "\0", "\u0001", "\u007F", "\u0085", "\u00A0", "\u00AD", "é", "e\u0301", "\u0301", "\u0660", "\u200B", "\u200D", "\u200E", "\u200F", "\u202E", "\u2028", "\u2029", "\u2060", "\u2212",
        "\u3000", "\uFEFF", "\uFFFD", "\uFFFF", "\uD83D\uDE00", "\uD83D", "\uDE00", "ǆ", "ß", "İ", "ı", "ﬁ", "\uFF11", "½", "α", "变", "א",
    ];

    [GeneratedRegex(@"//[^\n]*|""[^""\n]*""|[A-Za-z_][A-Za-z0-9_]*|[0-9][0-9_.eE]*|<-|->|\|>|\.\.\.|[<>=!]=|[ \t]+|\r?\n|.", RegexOptions.Singleline)]
    private static partial Regex Token();

    /// <summary>A program of the corpus with one to six edits.</summary>
    public string Next()
    {
        var text = One();
        for (var edits = 1 + random.Next(6); edits > 0; edits--) text = random.Next(8) == 0 ? EditText(text) : random.Next(4) == 0 ? EditLines(text) : EditTokens(text);
        return text;
    }

    /// <summary>A program with one small edit, which may well leave it right.</summary>
    public string Light() => random.Next(4) == 0 ? EditLines(One()) : EditTokens(One());

    /// <summary>Words and signs at random, with now and then a piece of a program.</summary>
    public string Soup()
    {
        var text = new StringBuilder(random.Next(3) == 0 ? "" : "fn f(x: real[..., n]) -> real[..., n] {\n");
        for (var length = 1 + random.Next(150); length > 0; length--)
        {
            text.Append(random.Next(12) switch
            {
                0 => Any(Oddities),
                1 => Any(Numbers),
                2 => Line(One()) + "\n",
                < 8 => Any(Words),
                _ => Any(Signs),
            });
            if (random.Next(3) > 0) text.Append(' ');
        }
        return text.ToString();
    }

    private string One() => programs[random.Next(programs.Count)];

    private string Rest(string text) => text[random.Next(text.Length + 1)..];

    private string Any(string[] items) => items[random.Next(items.Length)];

    private string Line(string text)
    {
        var lines = text.Split('\n');
        return lines[random.Next(lines.Length)];
    }

    private string EditText(string text)
    {
        var at = random.Next(text.Length + 1);
        var length = Math.Min(random.Next(1, 20), text.Length - at);
        return random.Next(9) switch
        {
            0 => text.Remove(at, length),
            1 => text.Insert(at, Any(Oddities)),
            2 => text.Insert(at, text.Substring(at, length)),
            3 => text.Remove(at, length).Insert(at, Any(Signs)),
            4 => text.Insert(at, ((char)random.Next(0x10000)).ToString()),
            5 => text.Insert(random.Next(text.Length + 1), text.Substring(at, length)),
            6 => text[..at],
            // Two files, cut anywhere.
            7 => text[..at] + Rest(One()),
            _ => random.Next(4) switch { 0 => text.Replace("\n", "\r\n", StringComparison.Ordinal), 1 => text.Replace('\n', '\r'), 2 => text.Replace("    ", "\t", StringComparison.Ordinal), _ => "\uFEFF" + text },
        };
    }

    private string EditLines(string text)
    {
        var lines = text.Split('\n').ToList();
        var at = random.Next(lines.Count);
        var other = random.Next(lines.Count);
        switch (random.Next(6))
        {
            case 0: lines.RemoveAt(at); break;
            case 1: lines.Insert(other, lines[at]); break;
            case 2: (lines[at], lines[other]) = (lines[other], lines[at]); break;
            case 3: lines[at] = Line(One()); break;
            case 4: lines.Insert(at, Line(One())); break;
            default: lines = [.. lines.Take(at), .. One().Split('\n').Skip(other)]; break;
        }
        return string.Join('\n', lines);
    }

    private string EditTokens(string text)
    {
        var tokens = Token().Matches(text).Select(match => match.Value).ToList();
        var solid = Enumerable.Range(0, tokens.Count).Where(k => !string.IsNullOrWhiteSpace(tokens[k]) && !tokens[k].StartsWith("//", StringComparison.Ordinal)).ToArray();
        if (solid.Length == 0) return text + Any(Words);
        var at = solid[random.Next(solid.Length)];
        var alike = solid.Where(k => Kind(tokens[k]) == Kind(tokens[at])).ToArray();
        var other = alike[random.Next(alike.Length)];
        switch (random.Next(8))
        {
            case 0: tokens[at] = ""; break;
            case 1: tokens[at] += " " + tokens[at]; break;
            case 2: (tokens[at], tokens[other]) = (tokens[other], tokens[at]); break;
            case 3: tokens[at] = tokens[solid[random.Next(solid.Length)]]; break;
            case 4: tokens[at] = Kind(tokens[at]) switch { 0 => Any(Words), 1 => Any(Numbers), _ => Any(Signs) }; break;
            default: tokens[at] = Kind(tokens[at]) == 1 && random.Next(2) == 0 ? Any(Numbers) : tokens[other]; break;
        }
        return string.Concat(tokens);
    }

    private static int Kind(string token) => char.IsAsciiLetter(token[0]) || token[0] == '_' ? 0 : char.IsAsciiDigit(token[0]) ? 1 : token[0] == '"' ? 2 : 3;
}
