using System.Buffers.Binary;
using System.Text;
using FeedbackNN;
using Microsoft.ML.Tokenizers;

namespace TinyStories;

/// <summary>
/// The tokenizer of llama2.c: for each token a score and its bytes, which is what a SentencePiece model of byte pairs holds. It is put into that form, which Microsoft.ML.Tokenizers reads.
/// </summary>
internal static class StoryTokens
{
    /// <summary>The token that stands before each story.</summary>
    public const int Begin = 1;

    private const int FirstByte = 3, Bytes = 256;

    // The numbers of fields and types in SentencePiece's model.proto.
    private const int Pieces = 1, TrainerSpec = 2, NormalizerSpec = 3, Unknown = 2, Control = 3, Normal = 1, Byte = 6, BytePairs = 2;

    /// <summary>Reads a tokenizer of llama2.c.</summary>
    /// <exception cref="DataException">The file is cut short.</exception>
    public static LlamaTokenizer Load(string path)
    {
        var model = new MemoryStream();
        var bytes = File.ReadAllBytes(path);
        var at = sizeof(int);
        for (var token = 0; at < bytes.Length; token++)
        {
            if (at + 8 > bytes.Length) throw new DataException(path, "it is cut short", "copy it again");
            var score = BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(at));
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at + 4));
            if (length < 0 || at + 8 + length > bytes.Length) throw new DataException(path, "it is cut short", "copy it again");
            var text = Encoding.UTF8.GetString(bytes, at + 8, length);
            at += 8 + length;
            var type = token == 0 ? Unknown : token < FirstByte ? Control : token < FirstByte + Bytes ? Byte : Normal;
            var piece = new MemoryStream();
            // llama2.c has blanks as they are, and line ends around the names of the first tokens.
            WriteText(piece, 1, type == Control ? text.Trim() : text.Replace(' ', '\u2581'));
            WriteFloat(piece, 2, score);
            WriteNumber(piece, 3, type);
            WriteMessage(model, Pieces, piece);
        }
        var trainer = new MemoryStream();
        WriteNumber(trainer, 3, BytePairs);
        WriteNumber(trainer, 35, 1);
        WriteNumber(trainer, 40, 0);
        WriteNumber(trainer, 41, Begin);
        WriteNumber(trainer, 42, 2);
        WriteMessage(model, TrainerSpec, trainer);
        var normalizer = new MemoryStream();
        WriteText(normalizer, 1, "identity");
        WriteNumber(normalizer, 3, 1);
        WriteNumber(normalizer, 4, 0);
        WriteNumber(normalizer, 5, 1);
        WriteMessage(model, NormalizerSpec, normalizer);
        model.Position = 0;
        return LlamaTokenizer.Create(model, addBeginOfSentence: true, addEndOfSentence: false);
    }

    // ---- Protocol buffers -------------------------------------------------------------------------------------------

    private static void WriteMessage(Stream stream, int field, MemoryStream message)
    {
        WriteVariable(stream, (field << 3) | 2);
        WriteVariable(stream, (int)message.Length);
        message.WriteTo(stream);
    }

    private static void WriteText(Stream stream, int field, string text) => WriteMessage(stream, field, new MemoryStream(Encoding.UTF8.GetBytes(text)));

    private static void WriteNumber(Stream stream, int field, int number)
    {
        WriteVariable(stream, field << 3);
        WriteVariable(stream, number);
    }

    private static void WriteFloat(Stream stream, int field, float number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(float)];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, number);
        WriteVariable(stream, (field << 3) | 5);
        stream.Write(bytes);
    }

    private static void WriteVariable(Stream stream, int number)
    {
        for (; number >= 128; number >>= 7) stream.WriteByte((byte)(number | 128));
        stream.WriteByte((byte)number);
    }
}
