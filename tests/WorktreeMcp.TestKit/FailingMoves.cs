using System.IO.Abstractions;

namespace WorktreeMcp.TestKit;

/// <summary>The real file system, but from its n-th rename of a directory on renames fail, or only that one.</summary>
public sealed class FailingMoves : FileSystem
{
    private readonly Moves _moves;

    /// <summary>Wraps the real one.</summary>
    /// <param name="at">Which rename, counted from 1; 0 for none.</param>
    /// <param name="error">What it says.</param>
    /// <param name="lasts">Whether all later ones fail too.</param>
    public FailingMoves(int at, Func<string, Exception> error, bool lasts) => _moves = new Moves(this, at, error, lasts);

    /// <summary>How many renames there were.</summary>
    public int Count => _moves.Count;

    /// <summary>What happens right before a rename; it is told what is renamed.</summary>
    public Action<string>? Before
    {
        get => _moves.Before;
        init => _moves.Before = value;
    }

    /// <summary>The cause is gone.</summary>
    public void Heal() => _moves.At = 0;

    /// <inheritdoc/>
    public override IDirectory Directory => _moves;

    private sealed class Moves(IFileSystem files, int at, Func<string, Exception> error, bool lasts) : DirectoryWrapper(files)
    {
        internal int At { get; set; } = at;

        internal int Count { get; private set; }

        internal Action<string>? Before { get; set; }

        public override void Move(string sourceDirName, string destDirName)
        {
            Count++;
            Before?.Invoke(sourceDirName);
            if (At > 0 && (Count == At || (lasts && Count > At)))
            {
                throw error(sourceDirName);
            }

            base.Move(sourceDirName, destDirName);
        }
    }
}
