# SPDX-License-Identifier: Apache-2.0
# WHAT: GHC compiles a threaded program, which then runs: C calls back, C memory, both collectors.
# NEEDS: ghc gcc
# TIMEOUT: 240
# Compared as it is, without GHC's progress messages.
[ "${1:-}" != version ] || { ghc --numeric-version; exit; }
set -euo pipefail
cat >Main.hs <<'HS'
import Control.Concurrent
import Control.Concurrent.MVar
import Control.Exception
import Control.Monad
import qualified Data.Map.Strict as Map
import Foreign
import Foreign.C
import System.Exit
import System.Mem
import System.Process

foreign import ccall safe "stdlib.h qsort" cSort
  :: Ptr CInt -> CSize -> CSize -> FunPtr (Ptr CInt -> Ptr CInt -> IO CInt) -> IO ()
foreign import ccall "wrapper" asC
  :: (Ptr CInt -> Ptr CInt -> IO CInt) -> IO (FunPtr (Ptr CInt -> Ptr CInt -> IO CInt))

sortInC :: Int -> IO Int
sortInC seed = do
  let order x y = fromIntegral (fromEnum (compare x y) - 1)
  compareInts <- asC (\a b -> order <$> peek a <*> peek b)
  let numbers = [fromIntegral ((i * 7919 + seed) `mod` 2003) | i <- [1 .. 2000]]
  sorted <- withArrayLen numbers $ \n p -> cSort p (fromIntegral n) 4 compareInts >> peekArray n p
  freeHaskellFunPtr compareInts
  return (sum (zipWith (*) [1 ..] (map fromIntegral sorted)))

main :: IO ()
main = do
  results <- forM [1 .. 8] $ \i -> do
    result <- newEmptyMVar
    _ <- forkOS (sortInC i >>= putMVar result)
    return result
  mapM takeMVar results >>= print
  let m = Map.fromListWith (+) [(i `mod` 5003, i) | i <- [1 .. 400000 :: Int]]
  print (Map.foldl' (+) 0 m, Map.size m)
  blocks <- forM [1 .. 500] $ \n -> mallocBytes n :: IO (Ptr Word8)
  mapM_ free blocks
  performMajorGC
  caught <- try (evaluate (1 `div` (0 :: Int))) :: IO (Either ArithException Int)
  print caught
  (code, out, _) <- readProcessWithExitCode "sh" ["-c", "echo child; exit 3"] ""
  putStr out >> print code
  exitWith (ExitFailure 5)
HS
$TRACK ghc -v0 -O -threaded -rtsopts -package containers -package process Main.hs -o main
$TRACK ./main +RTS -N2 || echo "status $?"
$TRACK ./main +RTS -N1 -c -A1m || echo "status $?"
$TRACK ghc -v0 -e 'sum [1 .. 100000]'
