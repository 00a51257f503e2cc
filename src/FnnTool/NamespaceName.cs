using System.Text;
using FeedbackNN.Dsl.Binding;

namespace FeedbackNN.Tool;

/// <summary>Which names a namespace can have in C# and in a <c>.fnn</c> file, and what to take instead of others.</summary>
internal static class NamespaceName
{
    // C#'s keywords; those of .fnn files are among them but for the last three.
    private static readonly HashSet<string> Keywords = new(
        ("abstract as base bool break byte case catch char checked class const continue decimal default delegate do double else enum event explicit extern false finally fixed float for foreach goto if implicit in int "
        + "interface internal is lock long namespace new null object operator out override params private protected public readonly ref return sbyte sealed short sizeof stackalloc static string struct switch this throw "
        + "true try typeof uint ulong unchecked unsafe ushort using virtual void volatile while and or not").Split(' '), StringComparer.Ordinal);

    /// <summary>What stands against a name; null for nothing.</summary>
    /// <param name="classes">Names of classes that will be in it.</param>
    public static string? ProblemWith(string name, IEnumerable<string> classes)
    {
        var parts = name.Split('.');
        if (parts.FirstOrDefault(part => !IsIdentifier(part)) is not null)
        {
            var meant = Repair(name);
            return $"'{name}' can't be a namespace: its parts are letters a-z and A-Z, digits and _, and don't begin with a digit.{(meant.Length == 0 ? "" : $" Take {meant}.")}";
        }
        if (parts.FirstOrDefault(Keywords.Contains) is { } word) return $"'{word}' is a word of the language. Take another name, such as {Capital(word)}Net.";
        if (parts[0] is "System" or "FeedbackNN" or "Microsoft") return $"'{parts[0]}' is a namespace of others. Take another name, such as My{parts[0]}.";
        if (parts.FirstOrDefault(part => RuntimeNames.Contains(part) || classes.Contains(part)) is { } taken) return $"'{taken}' is also a class that the project uses. Take another name, such as My{taken}.";
        return null;
    }

    private static bool IsIdentifier(string part) => part.Length > 0 && !char.IsAsciiDigit(part[0]) && part.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_');

    // my-net 2 → MyNet2
    private static string Repair(string name)
    {
        var result = new StringBuilder();
        var begins = true;
        foreach (var letter in name)
        {
            if (letter == '.' && result.Length > 0 && result[^1] != '.') result.Append(letter);
            var isPart = char.IsAsciiLetter(letter) || letter == '_' || (char.IsAsciiDigit(letter) && result.Length > 0 && result[^1] != '.');
            if (isPart) result.Append(begins ? char.ToUpperInvariant(letter) : letter);
            begins = !isPart;
        }
        return result.ToString().TrimEnd('.');
    }

    private static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..];
}
